using System.Net.Sockets;
using System.Text;
using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class ConnectingTests
{
    static readonly QmpOptions Brief = new() { ConnectDeadline = TimeSpan.FromMilliseconds(250) };

    [Theory]
    [InlineData(true, "10.0.2")]
    [InlineData(false, "7.2.22")]
    public async Task Connect_NegotiatesWhatIsOffered(bool offersOutOfBand, string version)
    {
        await using var monitor = new FakeMonitor();

        var (connection, _) = await monitor.ConnectAsync(offersOutOfBand: offersOutOfBand);

        Assert.Equal(offersOutOfBand, connection.OutOfBand);
        Assert.Equal(version, connection.Version.ToString());
    }

    [Fact]
    public async Task Connect_OverTcp_Works()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = QmpEndpoint.Parse($"tcp:127.0.0.1:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}");
        var connecting = QmpConnection.ConnectAsync(endpoint, QmpOptions.Default);
        await using var peer = new FakePeer(await listener.AcceptSocketAsync().InTime());
        await peer.NegotiateAsync(offersOutOfBand: true);

        await using var connection = await connecting.InTime();

        Assert.Equal(endpoint, connection.Endpoint);
        Assert.True(connection.OutOfBand);
    }

    [Fact]
    public async Task Connect_NoSocketThere_SaysSo()
    {
        using var directory = new ScratchDirectory();

        var refused = await Assert.ThrowsAsync<QmpConnectException>(
            () => QmpConnection.ConnectAsync(QmpEndpoint.Unix(directory.File("none")), QmpOptions.Default).InTime());

        Assert.Contains("there is no such socket", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_SocketOfADeadProcess_SaysSo()
    {
        using var directory = new ScratchDirectory();
        using var unheard = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        // Bound but not listening: what the name of a killed QEMU's socket looks like.
        unheard.Bind(new UnixDomainSocketEndPoint(directory.File("dead")));

        var refused = await Assert.ThrowsAsync<QmpConnectException>(
            () => QmpConnection.ConnectAsync(QmpEndpoint.Unix(directory.File("dead")), QmpOptions.Default).InTime());

        Assert.Equal(SocketError.ConnectionRefused, refused.SocketError);
        Assert.Contains("nobody listens there", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NoGreeting_SaysThatAnotherClientMayHoldTheMonitor()
    {
        await using var monitor = new FakeMonitor();
        var connecting = QmpConnection.ConnectAsync(monitor.Endpoint, Brief);
        var peer = await monitor.AcceptAsync();

        var silent = await Assert.ThrowsAsync<QmpGreetingException>(() => connecting.InTime());

        Assert.Equal(0, silent.ReceivedBytes);
        Assert.Contains("another client may hold this monitor", silent.Message, StringComparison.Ordinal);
        Assert.Contains("250 ms", silent.Message, StringComparison.Ordinal);
        await peer.AssertClosedAsync();
    }

    [Fact]
    public async Task Connect_GreetingThatTrickles_EndsAtTheDeadline()
    {
        await using var monitor = new FakeMonitor();
        var connecting = QmpConnection.ConnectAsync(monitor.Endpoint, Brief);
        var peer = await monitor.AcceptAsync();
        await peer.SendBytesAsync(Encoding.UTF8.GetBytes(FakePeer.GreetingWithOutOfBand)[..40]);

        var slow = await Assert.ThrowsAsync<QmpGreetingException>(() => connecting.InTime());

        Assert.Contains("sent 40 bytes but no complete greeting", slow.Message, StringComparison.Ordinal);
        await peer.AssertClosedAsync();
    }

    [Fact]
    public async Task Connect_NegotiationUnanswered_SaysThatTheMainLoopMayBeStuck()
    {
        await using var monitor = new FakeMonitor();
        var connecting = QmpConnection.ConnectAsync(monitor.Endpoint, Brief);
        var peer = await monitor.AcceptAsync();
        await peer.SendAsync(FakePeer.GreetingWithOutOfBand);

        var stuck = await Assert.ThrowsAsync<QmpGreetingException>(() => connecting.InTime());

        Assert.Contains("did not answer qmp_capabilities", stuck.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NegotiationRefused_SaysSo()
    {
        await using var monitor = new FakeMonitor();
        var connecting = QmpConnection.ConnectAsync(monitor.Endpoint, QmpOptions.Default);
        var peer = await monitor.AcceptAsync();
        await peer.SendAsync(FakePeer.GreetingWithOutOfBand);
        await peer.RefuseAsync(await peer.ReadAsync(), "Capability oob is not available");

        var refused = await Assert.ThrowsAsync<QmpProtocolException>(() => connecting.InTime());

        Assert.Contains("Capability oob is not available", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request", "'H'")]
    [InlineData("SSH-2.0-OpenSSH_9.2", "'S'")]
    [InlineData("""{"hello": 1}""", "of no known kind")]
    [InlineData("""{"QMP": {"capabilities": []}}""", "lacks 'version'")]
    [InlineData("""{"QMP": {"version": {"qemu": {"micro": -1, "minor": 0, "major": 9}}}}""", "must be an integer in 0..")]
    [InlineData("""{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 9}}, "capabilities": "oob"}}""", "an array of strings")]
    [InlineData("""{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}""", "before the greeting")]
    [InlineData("""{"return": {}}""", "has no id")]
    public async Task Connect_PeerIsNoMonitor_IsRefusedByName(string said, string named)
    {
        await using var monitor = new FakeMonitor();
        var connecting = QmpConnection.ConnectAsync(monitor.Endpoint, QmpOptions.Default);
        var peer = await monitor.AcceptAsync();
        await peer.SendAsync(said);

        var violation = await Assert.ThrowsAsync<QmpProtocolException>(() => connecting.InTime());

        Assert.Contains(named, violation.Message, StringComparison.Ordinal);
        Assert.Contains("Received: ", violation.Message, StringComparison.Ordinal);
        await peer.AssertClosedAsync();
    }

    [Fact]
    public async Task Connect_PeerClosesAtOnce_SaysSo()
    {
        await using var monitor = new FakeMonitor();
        var connecting = QmpConnection.ConnectAsync(monitor.Endpoint, QmpOptions.Default);
        await (await monitor.AcceptAsync()).DisposeAsync();

        var closed = await Assert.ThrowsAsync<QmpClosedException>(() => connecting.InTime());

        Assert.Equal(QmpClosedKind.PeerClosed, closed.Reason.Kind);
    }

    [Fact]
    public async Task Connect_Cancelled_EndsAtOnceAndCloses()
    {
        await using var monitor = new FakeMonitor();
        using var cancel = new CancellationTokenSource();
        var connecting = QmpConnection.ConnectAsync(monitor.Endpoint, QmpOptions.Default, cancel.Token);
        var peer = await monitor.AcceptAsync();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.InTime());
        await peer.AssertClosedAsync();
    }

    /// <summary>Seen on QEMU 7.2 and 10.0: the reply to the last client's command comes between greeting and negotiation.</summary>
    [Fact]
    public async Task Connect_ReplyToTheConnectionBefore_IsNotTakenForOurs()
    {
        await using var monitor = new FakeMonitor();
        var (before, peerBefore) = await monitor.ConnectAsync();
        var abandoned = before.ExecuteAsync("query-status");
        var stray = await peerBefore.ReadAsync();
        await before.DisposeAsync();
        await Assert.ThrowsAsync<QmpClosedException>(() => abandoned);

        var connecting = QmpConnection.ConnectAsync(monitor.Endpoint, QmpOptions.Default);
        var peer = await monitor.AcceptAsync();
        await peer.SendAsync(FakePeer.GreetingWithOutOfBand);
        await peer.ReturnAsync(stray, """{"status": "stale", "running": true}""");
        await peer.ReturnAsync(await peer.ReadAsync());
        await using var connection = await connecting.InTime();
        var status = connection.QueryStatusAsync();
        await peer.ReturnAsync(await peer.ReadAsync(), """{"status": "paused", "running": false}""");

        Assert.Equal("paused", (await status.InTime()).Status);
    }
}
