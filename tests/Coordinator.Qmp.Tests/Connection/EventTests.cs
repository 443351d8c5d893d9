using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Connection;

public sealed class EventTests
{
    [Fact]
    public async Task Events_ComeInOrder_WithQemusTimestamps()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        await peer.SendEventAsync("STOP", seconds: 1_795_390_547, microseconds: 1);
        await peer.SendAsync("""{"timestamp": {"seconds": 1795390547, "microseconds": 999999}, "event": "RESUME"}""");
        var stop = await connection.Events.ReadAsync().AsTask().InTime();
        var resume = await connection.Events.ReadAsync().AsTask().InTime();

        Assert.Equal(("STOP", "RESUME"), (stop.Name, resume.Name));
        Assert.Equal(TimeSpan.FromMicroseconds(999_998), resume.Timestamp - stop.Timestamp);
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 23, 35, 47, TimeSpan.Zero).AddTicks(10), stop.Timestamp);
        Assert.Equal("{}", resume.Data.GetRawText());
        Assert.False(stop.IsTimestampLocal);
    }

    [Fact]
    public async Task Events_QemuWithoutAClock_GetTheTimeOfArrival()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();

        await peer.SendEventAsync("STOP", seconds: -1, microseconds: -1);
        var stop = await connection.Events.ReadAsync().AsTask().InTime();

        Assert.True(stop.IsTimestampLocal);
        Assert.InRange(DateTimeOffset.UtcNow - stop.Timestamp, TimeSpan.Zero, Patience.Limit);
    }

    [Fact]
    public async Task OnEvent_MayStartCommands_AndTheChannelStaysEmpty()
    {
        await using var monitor = new FakeMonitor();
        var continued = new TaskCompletionSource<Task>();
        var options = new QmpOptions { OnEvent = (connection, _) => continued.TrySetResult(connection.ExecuteAsync("migrate-continue")) };
        var (connection, peer) = await monitor.ConnectAsync(options);

        await peer.SendEventAsync("MIGRATION", """{"status": "pre-switchover"}""");
        var command = await peer.ReadAsync();
        await peer.ReturnAsync(command);
        await (await continued.Task.InTime()).InTime();

        Assert.Equal("migrate-continue", command.Name);
        Assert.False(connection.Events.TryRead(out _));
    }

    [Fact]
    public async Task WaitingReader_ContinuesOnTheReadLoop_BeforeWhatCameLater()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        var replied = connection.ExecuteAsync("query-status");
        var command = await peer.ReadAsync();
        var repliedFirst = Observe();

        async Task<bool> Observe()
        {
            await connection.Events.ReadAsync();
            // On another thread this could run after the reply, which lies in the same read, was handled.
            return replied.IsCompleted;
        }

        await peer.SendAsync(
            """{"timestamp": {"seconds": 1, "microseconds": 1}, "event": "STOP"}""" + $$"""{"return": {}, "id": "{{command.Id}}"}""");

        Assert.False(await repliedFirst.InTime());
        await replied.InTime();
    }

    [Fact]
    public async Task OnEvent_Throws_ClosesTheConnectionWithThatCause()
    {
        await using var monitor = new FakeMonitor();
        var thrown = new InvalidDataException("owner's defect");
        var (connection, peer) = await monitor.ConnectAsync(new QmpOptions { OnEvent = (_, _) => throw thrown });

        await peer.SendEventAsync("STOP");
        var reason = await connection.Closed.InTime();

        Assert.Equal(QmpClosedKind.EventHandlerFailed, reason.Kind);
        Assert.Same(thrown, reason.Cause);
        await peer.AssertClosedAsync();
    }

    [Fact]
    public async Task EventFlood_ClosesTheConnection_AndKeepsWhatCameBefore()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync(new QmpOptions { EventCapacity = 5 });

        for (var i = 0; i < 6; i++)
            await peer.SendEventAsync($"E{i}");
        var reason = await connection.Closed.InTime();
        var kept = new List<string>();
        var closed = await Assert.ThrowsAsync<QmpClosedException>(async () =>
        {
            await foreach (var happened in connection.Events.ReadAllAsync())
                kept.Add(happened.Name);
        });

        Assert.Equal(QmpClosedKind.EventsOverflowed, reason.Kind);
        Assert.Contains("5 events lie unread and E5 came", reason.Message, StringComparison.Ordinal);
        Assert.Equal(["E0", "E1", "E2", "E3", "E4"], kept);
        Assert.Same(reason, closed.Reason);
    }

    [Fact]
    public async Task Disposed_EndsTheChannelWithoutAnError()
    {
        await using var monitor = new FakeMonitor();
        var (connection, peer) = await monitor.ConnectAsync();
        await peer.SendEventAsync("STOP");
        await Eventually.BecomesTrue(() => connection.Events.Count == 1, Patience.Limit, "the event");

        await connection.DisposeAsync();

        Assert.Equal(["STOP"], await connection.Events.ReadAllAsync().Select(static happened => happened.Name).ToListAsync());
    }
}
