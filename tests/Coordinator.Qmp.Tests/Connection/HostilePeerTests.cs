using System.Text;
using Coordinator.Qmp.Tests.Support;
using CsCheck;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class HostilePeerTests
{
    const string Event = """{"timestamp": {"seconds": 1, "microseconds": 1}, """;

    [Theory]
    [InlineData("garbage", "'g'")]
    [InlineData("[1, 2]", "must be a JSON object")]
    [InlineData("\"text\"", "must be a JSON object")]
    [InlineData("{}", "of no known kind")]
    [InlineData("""{"return": {}}""", "has no id")]
    [InlineData("""{"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}""", "has no id")]
    [InlineData("""{"return": {}, "id": 7}""", "an id that was never sent")]
    [InlineData("""{"return": {}, "id": "libvirt-12"}""", "an id that was never sent")]
    [InlineData("""{"return": {}, "id": {"a": 1}}""", "an id that was never sent")]
    [InlineData("""{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 9}, "package": ""}, "capabilities": []}}""", "second greeting")]
    [InlineData("""{"event": "STOP"}""", "lacks 'timestamp'")]
    [InlineData("""{"event": "STOP", "timestamp": {"seconds": 1e300, "microseconds": 0}}""", "must be an integer in -1..253402300799")]
    [InlineData("""{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1000000}}""", "must be an integer in -1..999999")]
    [InlineData(Event + """ "event": 5}""", "must be a string")]
    [InlineData(Event + """ "event": "STOP", "data": [1]}""", "must be an object")]
    [InlineData(Event + """ "event": "STOP", "event": "STOP"}""", "each key once")]
    [InlineData("""{"return": "\ud83d", "id": "x"}""", "half a surrogate pair")]
    public async Task BrokenMessage_ClosesTheConnection_AndIsNamed(string said, string named)
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var pending = connection.ExecuteAsync("query-status", deadline: Timeout.InfiniteTimeSpan);
        await peer.ReadAsync();

        await peer.SendAsync(said);
        var reason = await connection.Closed.InTime();
        var closed = await Assert.ThrowsAsync<QmpClosedException>(() => pending.InTime());

        Assert.Equal(QmpClosedKind.ProtocolViolated, reason.Kind);
        Assert.IsType<QmpProtocolException>(reason.Cause);
        Assert.Contains(named, reason.Message, StringComparison.Ordinal);
        Assert.Contains("Received: ", reason.Message, StringComparison.Ordinal);
        Assert.Same(reason, closed.Reason);
        await peer.AssertClosedAsync();
    }

    [Theory]
    [InlineData("{\"error\": {}, \"id\": \"ID\"}", "lacks 'class'")]
    [InlineData("{\"error\": \"no\", \"id\": \"ID\"}", "must be an object")]
    [InlineData("{\"error\": {\"class\": \"GenericError\", \"desc\": 5}, \"id\": \"ID\"}", "must be a string")]
    [InlineData("{\"return\": {}, \"error\": {}, \"id\": \"ID\"}", "two kinds")]
    public async Task BrokenReply_ClosesTheConnection(string said, string named)
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var pending = connection.ExecuteAsync("query-status");
        var command = await peer.ReadAsync();

        await peer.SendAsync(said.Replace("ID", command.Id, StringComparison.Ordinal));

        await Assert.ThrowsAsync<QmpClosedException>(() => pending.InTime());
        Assert.Contains(named, (await connection.Closed.InTime()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondReplyForOneCommand_ClosesTheConnection()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var executing = connection.ExecuteAsync("query-status");
        var command = await peer.ReadAsync();

        await peer.ReturnAsync(command);
        await executing.InTime();
        await peer.ReturnAsync(command);

        Assert.Contains("a second reply came for one command", (await connection.Closed.InTime()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReplyForACommandNeverSent_ClosesTheConnection()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        _ = connection.ExecuteAsync("query-status").ContinueWith(static task => task.Exception, TaskScheduler.Default);
        var command = await peer.ReadAsync();

        await peer.SendAsync($$"""{"return": {}, "id": "{{command.Id}}zz"}""");

        Assert.Contains("never sent", (await connection.Closed.InTime()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StrayReplies_AFewAreDropped_AFloodClosesTheConnection()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        for (var i = 0; i < 8; i++)
            await peer.SendAsync($$"""{"return": {}, "id": "0000{{i}}"}""");
        var executing = connection.ExecuteAsync("query-status");
        await peer.ReturnAsync(await peer.ReadAsync());
        await executing.InTime();
        await peer.SendAsync("""{"return": {}, "id": "00009"}""");

        Assert.Contains("more than 8 replies to commands of an earlier connection", (await connection.Closed.InTime()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndlessMessage_IsCutOffAtTheLimit()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync(new QmpOptions { MaxMessageBytes = 100_000 });
        var chunk = Encoding.ASCII.GetBytes(new string('x', 10_000));

        await peer.SendBytesAsync("{\"return\": \""u8.ToArray());
        var reason = await SendUntilClosedAsync(peer, connection, chunk);

        Assert.Contains("longer than the 100000 bytes allowed", reason.Message, StringComparison.Ordinal);
        Assert.InRange(reason.Message.Length, 1, 500);
    }

    [Fact]
    public async Task DeepNesting_IsCutOffAtTheLimit()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        await peer.SendBytesAsync("{\"return\": "u8.ToArray());
        var reason = await SendUntilClosedAsync(peer, connection, Encoding.ASCII.GetBytes(new string('[', 300)));

        Assert.Contains("deeper than the 1024 levels allowed", reason.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NestingAtTheLimit_IsAccepted()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var executing = connection.ExecuteAsync("query-block");

        await peer.ReturnAsync(await peer.ReadAsync(), new string('[', 1023) + new string(']', 1023));

        Assert.Equal(1, (await executing.InTime()).GetArrayLength());
    }

    [Fact]
    public async Task PrettyMonitor_IsUnderstood()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var executing = connection.ExecuteAsync("query-status");
        var command = await peer.ReadAsync();

        await peer.SendAsync($"{{\r\n    \"return\": {{\r\n        \"a\": 1\r\n    }},\r\n    \"id\": \"{command.Id}\"\r\n}}");

        Assert.Equal(1, (await executing.InTime()).GetProperty("a").GetInt32());
    }

    /// <summary>Whatever a peer says after the negotiation and then leaves: the connection ends and every caller hears of it.</summary>
    [Fact]
    public async Task RandomBytes_NeverHang() =>
        await Gen.Select(Gen.OneOf(Gen.Byte, Pick.From("{}[]\":, \n0"u8.ToArray())).Array[0, 200], Gen.Int[1, 50]).SampleAsync(
            static async (bytes, chunkLength) =>
            {
                await using var monitor = new FakeMonitor();
                var (connection, peer) = await monitor.ConnectAsync();
                var pending = connection.ExecuteAsync("query-status", deadline: Timeout.InfiniteTimeSpan);
                try
                {
                    foreach (var chunk in bytes.Chunk(chunkLength))
                        await peer.SendBytesAsync(chunk);
                }
                catch (System.Net.Sockets.SocketException)
                {
                    // Cut off in the middle, as it should be.
                }
                await peer.DisposeAsync();

                await Assert.ThrowsAsync<QmpClosedException>(() => pending.InTime());
                Assert.Contains((await connection.Closed.InTime()).Kind, new[] { QmpClosedKind.ProtocolViolated, QmpClosedKind.PeerClosed });
            },
            iter: 500, threads: 2);

    static async Task<QmpClosedReason> SendUntilClosedAsync(FakePeer peer, QmpConnection connection, byte[] chunk)
    {
        try
        {
            for (var i = 0; i < 1000 && !connection.Closed.IsCompleted; i++)
                await peer.SendBytesAsync(chunk);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The client hung up.
        }
        return await connection.Closed.InTime();
    }
}
