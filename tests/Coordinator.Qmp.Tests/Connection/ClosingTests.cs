using System.Diagnostics;
using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class ClosingTests
{
    [Fact]
    public async Task PeerCloses_EverythingPendingFailsAtOnce()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var pending = Enumerable.Range(0, 20).Select(_ => connection.ExecuteAsync("query-status", deadline: Timeout.InfiniteTimeSpan)).ToList();
        await peer.ReadAsync();
        var watch = Stopwatch.StartNew();

        await peer.DisposeAsync();
        var reason = await connection.Closed.InTime();

        foreach (var one in pending)
            Assert.Same(reason, (await Assert.ThrowsAsync<QmpClosedException>(() => one.InTime())).Reason);
        Assert.Equal(QmpClosedKind.PeerClosed, reason.Kind);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"took {watch.Elapsed}");
        var later = await Assert.ThrowsAsync<QmpClosedException>(() => connection.ExecuteAsync("query-status"));
        Assert.Same(reason, later.Reason);
    }

    [Fact]
    public async Task PeerStopsSending_ClosesTheConnection()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        peer.StopSending();

        Assert.Equal(QmpClosedKind.PeerClosed, (await connection.Closed.InTime()).Kind);
        await peer.AssertClosedAsync();
    }

    [Fact]
    public async Task PeerStopsReceiving_ClosesTheConnection_ButWhatItStillSaysIsHeard()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        peer.StopReceiving();
        var refused = connection.ExecuteAsync("query-status");
        await peer.SendEventAsync("SHUTDOWN");
        var last = await connection.Events.ReadAsync().AsTask().InTime();
        var reason = await connection.Closed.InTime();

        Assert.Equal("SHUTDOWN", last.Name);
        Assert.Equal(QmpClosedKind.PeerClosed, reason.Kind);
        await Assert.ThrowsAsync<QmpClosedException>(() => refused.InTime());
    }

    [Fact]
    public async Task PeerEndsInsideAMessage_IsAProtocolViolation()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        await peer.SendBytesAsync("{\"return\": {\"half"u8.ToArray());
        await peer.DisposeAsync();
        var reason = await connection.Closed.InTime();

        Assert.Equal(QmpClosedKind.ProtocolViolated, reason.Kind);
        Assert.Contains("ended inside a message", reason.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_FailsPending_ClosesTheSocket_AndMayBeRepeated()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var pending = connection.ExecuteAsync("query-status");
        await peer.ReadAsync();

        await Task.WhenAll(connection.DisposeAsync().AsTask(), connection.DisposeAsync().AsTask()).InTime();
        await connection.DisposeAsync();

        Assert.Equal(QmpClosedKind.Disposed, (await Assert.ThrowsAsync<QmpClosedException>(() => pending.InTime())).Reason.Kind);
        Assert.Equal(QmpClosedKind.Disposed, (await connection.Closed.InTime()).Kind);
        await peer.AssertClosedAsync();
    }

    [Fact]
    public async Task DisposeFromTheEventReader_DoesNotDeadlock()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        async Task Leave()
        {
            await connection.Events.ReadAsync();
            await connection.DisposeAsync();
        }
        var leaving = Leave();

        await peer.SendEventAsync("STOP");

        await leaving.InTime();
    }
}
