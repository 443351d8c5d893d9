using System.Text.Json;
using System.Text.Json.Nodes;
using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class CommandTests
{
    static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(150);

    [Fact]
    public async Task Execute_ReturnsWhatThePeerReturned()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        var executing = connection.ExecuteAsync("migrate-continue", new { State = "pre-switchover" });
        var command = await peer.ReadAsync();
        await peer.ReturnAsync(command, """{"a": [1, "ü"]}""");

        Assert.Equal("""{"state":"pre-switchover"}""", command.Body.GetProperty("arguments").GetRawText());
        Assert.Equal("ü", (await executing.InTime()).GetProperty("a")[1].GetString());
    }

    [Fact]
    public async Task Execute_ErrorReply_CarriesClassAndDescription()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        var executing = connection.ExecuteAsync("cont");
        await peer.RefuseAsync(await peer.ReadAsync(), "Migration is not finalized yet");
        var refused = await Assert.ThrowsAsync<QmpCommandException>(() => executing.InTime());

        Assert.Equal(("cont", "GenericError", "Migration is not finalized yet"), (refused.Command, refused.Class, refused.Description));
        Assert.Equal("QEMU refused cont: Migration is not finalized yet (GenericError)", refused.Message);
    }

    [Fact]
    public async Task Execute_RepliesOutOfOrder_AreMatchedById()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var first = connection.ExecuteAsync("first");
        var second = connection.ExecuteAsync("second");
        var commands = new[] { await peer.ReadAsync(), await peer.ReadAsync() };

        await peer.ReturnAsync(commands[1], "2");
        await peer.ReturnAsync(commands[0], "1");

        Assert.Equal(["first", "second"], commands.Select(static command => command.Name));
        Assert.Equal((1, 2), ((await first.InTime()).GetInt32(), (await second.InTime()).GetInt32()));
    }

    [Fact]
    public async Task Execute_TimedOut_LateReplyIsDroppedAndTheNextCommandGetsItsOwn()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        var late = connection.ExecuteAsync("query-migrate", deadline: Brief);
        var lateCommand = await peer.ReadAsync();
        var timeout = await Assert.ThrowsAsync<QmpTimeoutException>(() => late.InTime());
        var next = connection.ExecuteAsync("query-status");
        var nextCommand = await peer.ReadAsync();
        await peer.ReturnAsync(lateCommand, "\"late\"");
        await peer.ReturnAsync(nextCommand, "\"next\"");

        Assert.True(timeout.WasSent);
        Assert.Contains("query-migrate was not answered within 150 ms", timeout.Message, StringComparison.Ordinal);
        Assert.Equal("next", (await next.InTime()).GetString());
        Assert.False(connection.Closed.IsCompleted);
    }

    /// <summary>A timed-out command still lies in QEMU's queue; were its place given away, the eighth would deafen the monitor.</summary>
    [Fact]
    public async Task Execute_SevenTimedOut_TheEighthIsNotSentAndSaysSo()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var stuck = Enumerable.Range(0, 7).Select(_ => connection.ExecuteAsync("query-status", deadline: Brief)).ToArray();
        var sent = new List<FakeCommand>();
        foreach (var command in stuck)
        {
            sent.Add(await peer.ReadAsync());
            await Assert.ThrowsAsync<QmpTimeoutException>(() => command.InTime());
        }

        var eighth = await Assert.ThrowsAsync<QmpTimeoutException>(() => connection.ExecuteAsync("cont", deadline: Brief).InTime());
        var yank = connection.ExecuteOutOfBandAsync("yank", new { Instances = Array.Empty<string>() });
        var heard = await peer.ReadAsync();
        await peer.ReturnAsync(heard);
        await yank.InTime();
        var ninth = connection.ExecuteAsync("query-migrate");
        await peer.ReturnAsync(sent[0]);
        var afterwards = await peer.ReadAsync();
        await peer.ReturnAsync(afterwards);
        await ninth.InTime();

        Assert.False(eighth.WasSent);
        Assert.Contains("cont was not sent", eighth.Message, StringComparison.Ordinal);
        Assert.Equal(("yank", true), (heard.Name, heard.IsOutOfBand));
        Assert.Equal("query-migrate", afterwards.Name);
    }

    [Fact]
    public async Task Execute_Cancelled_EndsTheWaitOnly()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var cancelled = connection.ExecuteAsync("query-status", ct: cancel.Token);
        var command = await peer.ReadAsync();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.InTime());
        await peer.ReturnAsync(command);
        var next = connection.ExecuteAsync("query-status");
        await peer.ReturnAsync(await peer.ReadAsync(), "5");

        Assert.Equal(5, (await next.InTime()).GetInt32());
    }

    [Fact]
    public async Task ExecuteOutOfBand_NotOffered_IsRefusedBeforeSending()
    {
        await using var monitor = new FakeMonitor();
        var (connection, _) = await monitor.ConnectAsync(offersOutOfBand: false);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => connection.ExecuteOutOfBandAsync("yank"));

        Assert.Contains("offers no 'oob'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Execute_MoreThanMayWait_IsRefusedWhole()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync(new QmpOptions { MaxWaitingCommands = 3 });
        var accepted = Enumerable.Range(0, 8).Select(_ => connection.ExecuteAsync("query-status")).ToArray();

        var busy = await Assert.ThrowsAsync<QmpBusyException>(() => connection.ExecuteManyAsync([.. Enumerable.Repeat(new QmpCommand("stop"), 3)]));
        foreach (var command in accepted)
        {
            await peer.ReturnAsync(await peer.ReadAsync());
            await command.InTime();
        }

        Assert.Contains("3 in-band command(s) do not fit", busy.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("query status")]
    [InlineData("x\"}\n{\"execute\":\"quit")]
    public void Command_NameThatNoCommandHas_IsRefused(string name) => Assert.ThrowsAny<ArgumentException>(() => new QmpCommand(name));

    [Fact]
    public void Command_ArgumentsThatAreNoObject_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new QmpCommand("cont", 5));
        Assert.Throws<ArgumentException>(() => new QmpCommand("cont", new[] { 1 }));
        Assert.Throws<ArgumentException>(() => new QmpCommand("cont", JsonElement.Parse("[]")));
        Assert.Throws<ArgumentException>(() => new QmpCommand("cont", new { Path = "a\0b" }));
        Assert.Throws<ArgumentException>(() => new QmpCommand("cont", new { Path = new string('x', QmpCommand.MaxArgumentBytes) }));
    }

    [Fact]
    public void Command_Arguments_AreEncodedAsQemuSpellsThem()
    {
        static string Encoded(object arguments) => System.Text.Encoding.UTF8.GetString(new QmpCommand("c", arguments).EncodedArguments.Span);

        Assert.Equal("""{"downtime-limit":300,"tls-creds":""}""", Encoded(new { DowntimeLimit = 300, TlsCreds = "", TlsAuthz = (string?)null }));
        Assert.Equal("""{"max_x":1,"Y":null}""", Encoded(new Dictionary<string, object?> { ["max_x"] = 1, ["Y"] = null }));
        Assert.Equal("""{"Driver":"x"}""", Encoded(new JsonObject { ["Driver"] = "x" }));
        Assert.Equal("""{"A":[1]}""", Encoded(JsonElement.Parse("""{"A":[1]}""")));
        Assert.Equal("""{"path":"a\\u0000"}""", Encoded(new { Path = @"a\u0000" }));
    }
}
