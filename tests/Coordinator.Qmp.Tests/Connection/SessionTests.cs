using System.Collections.Concurrent;
using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class SessionTests
{
    static readonly QmpSessionOptions Quick = new() { FirstPause = TimeSpan.FromMilliseconds(1), LongestPause = TimeSpan.FromMilliseconds(20) };

    [Fact]
    public async Task ConnectionLost_IsConnectedAgain_AndTheOwnerObservesEachTime()
    {
        await using var monitor = new FakeMonitor();
        var observed = new ConcurrentQueue<string>();
        await using var session = QmpSession.Start(
            monitor.Endpoint, QmpOptions.Default,
            async (connection, ct) => observed.Enqueue((await connection.QueryStatusAsync(ct: ct)).Status), static () => false, Quick);

        for (var i = 0; i < 3; i++)
        {
            var peer = await monitor.AcceptAsync();
            await peer.NegotiateAsync(offersOutOfBand: true);
            await peer.ReturnAsync(await peer.ReadAsync(), $$"""{"status": "state{{i}}", "running": false}""");
            await Eventually.BecomesTrue(() => observed.Count == i + 1, Patience.Limit, "the observation");
            Assert.NotNull(session.Current);
            await peer.DisposeAsync();
        }

        Assert.Equal(["state0", "state1", "state2"], observed);
    }

    [Fact]
    public async Task ObservationBreaks_AnotherConnectionIsTried()
    {
        await using var monitor = new FakeMonitor();
        var calls = 0;
        await using var session = QmpSession.Start(
            monitor.Endpoint, QmpOptions.Default with { CommandDeadline = TimeSpan.FromMilliseconds(50) },
            async (connection, ct) =>
            {
                Interlocked.Increment(ref calls);
                await connection.QueryStatusAsync(ct: ct);
            },
            static () => false, Quick);

        for (var i = 0; i < 2; i++)
        {
            var peer = await monitor.AcceptAsync();
            await peer.NegotiateAsync(offersOutOfBand: false);
            await peer.ReadAsync();
            await peer.AssertClosedAsync();
        }

        Assert.InRange(calls, 2, 3);
    }

    [Fact]
    public async Task ConnectionEnds_TheOwnersTokenIsCancelled()
    {
        await using var monitor = new FakeMonitor();
        var cancelled = new TaskCompletionSource();
        await using var session = QmpSession.Start(
            monitor.Endpoint, QmpOptions.Default,
            async (_, ct) =>
            {
                using var registration = ct.Register(() => cancelled.TrySetResult());
                await cancelled.Task;
            },
            static () => false, Quick);
        var peer = await monitor.AcceptAsync();
        await peer.NegotiateAsync(offersOutOfBand: false);

        await peer.DisposeAsync();

        await cancelled.Task.InTime();
        await (await monitor.AcceptAsync()).NegotiateAsync(offersOutOfBand: false);
    }

    [Fact]
    public async Task ProcessGone_EndsTheSession()
    {
        using var directory = new ScratchDirectory();
        var asked = 0;
        await using var session = QmpSession.Start(
            QmpEndpoint.Unix(directory.File("none")), QmpOptions.Default,
            static (_, _) => Task.CompletedTask, () => Interlocked.Increment(ref asked) > 5, Quick);

        Assert.Equal(QmpSessionEnd.ProcessGone, await session.Completion.InTime());
        Assert.Equal(6, asked);
    }

    [Fact]
    public async Task Disposed_EndsTheSession_WhateverItWasDoing()
    {
        await using var monitor = new FakeMonitor();
        var served = new TaskCompletionSource<QmpConnection>();
        var session = QmpSession.Start(
            monitor.Endpoint, QmpOptions.Default,
            (connection, _) =>
            {
                served.TrySetResult(connection);
                return Task.CompletedTask;
            },
            static () => false, Quick);
        await (await monitor.AcceptAsync()).NegotiateAsync(offersOutOfBand: true);
        var connection = await served.Task.InTime();

        await session.DisposeAsync().AsTask().InTime();
        await session.DisposeAsync().AsTask().InTime();

        Assert.Equal(QmpSessionEnd.Stopped, await session.Completion);
        Assert.Equal(QmpClosedKind.Disposed, (await connection.Closed).Kind);
        Assert.Null(session.Current);
    }

    [Fact]
    public async Task OwnersDefect_FaultsTheSession()
    {
        await using var monitor = new FakeMonitor();
        await using var session = QmpSession.Start(
            monitor.Endpoint, QmpOptions.Default, static (_, _) => throw new InvalidDataException("defect"), static () => false, Quick);
        var peer = await monitor.AcceptAsync();
        await peer.NegotiateAsync(offersOutOfBand: true);

        await Assert.ThrowsAsync<InvalidDataException>(() => session.Completion.InTime());
        await peer.AssertClosedAsync();
    }
}
