using System.Diagnostics;
using Coordinator.Qmp.Tests.Support;
using Xunit.Abstractions;

namespace Coordinator.Qmp.Tests.Qemu;

/// <summary>
/// What a query costs inside the blackout. All figures are printed; judged is the best round, which load from elsewhere does not touch.
/// </summary>
public sealed class RoundTripTests(ITestOutputHelper output)
{
    const string DiskPath = "/machine/peripheral/disk/virtio-backend";

    static readonly QmpCommand MigrateContinue = new("migrate-continue", new { State = "pre-switchover" });

    public static TheoryData<string> Both => QemuBinary.Both;

    [Theory, MemberData(nameof(Both))]
    public async Task QueryStatus_TakesFarLessThanAMillisecond(string which)
    {
        await using var qemu = await QemuProcess.StartAsync(which, "-machine", "none");
        await using var connection = await qemu.ConnectAsync();

        var best = await BestAsync("query-status", 500, () => connection.QueryStatusAsync());

        Assert.True(best < TimeSpan.FromMilliseconds(2), $"best {best}");
    }

    [Theory]
    [InlineData(QemuBinary.System, 9, 15)]
    [InlineData(QemuBinary.System, 129, 100)]
    [InlineData(QemuBinary.Recent, 9, 15)]
    [InlineData(QemuBinary.Recent, 129, 100)]
    public async Task ReadingAllQueues_FitsIntoTheBlackout(string which, int queues, int limitMs)
    {
        // virtio-scsi takes any number of queues without a backend, two of them its own.
        await using var qemu = await QemuProcess.StartAsync(
            which, "-machine", "pc", "-m", "16", "-device", $"virtio-scsi-pci,id=disk,num_queues={queues - 2}");
        await using var connection = await qemu.ConnectAsync();
        Assert.Equal(queues, (await connection.QueryVirtioStatusAsync(DiskPath)).VirtqueueCount);
        var batch = Enumerable.Range(0, queues).Select(static queue => QmpQueries.VirtioQueueStatusOf(DiskPath, queue)).ToList();

        var first = Stopwatch.StartNew();
        await connection.ExecuteManyAsync(batch);
        output.WriteLine($"{queues} queues, first time: {first.Elapsed.TotalMilliseconds:0.00} ms");
        var best = await BestAsync($"{queues} queues, pipelined", 30, () => connection.ExecuteManyAsync(batch));
        await BestAsync($"{queues} queues, one by one", 5, async () =>
        {
            foreach (var command in batch)
                await connection.ExecuteAsync(command);
        });

        Assert.True(best < TimeSpan.FromMilliseconds(limitMs), $"best {best}");
    }

    /// <summary>From the peer's sending of the event to its reading of the command: each millisecond of it is blackout.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EventToCommand_TakesFarLessThanAMillisecond(bool isByCallback)
    {
        await using var monitor = new FakeMonitor();
        var options = isByCallback
            ? new QmpOptions { OnEvent = static (connection, _) => Continue(connection) }
            : QmpOptions.Default;
        var (connection, peer) = await monitor.ConnectAsync(options);
        var reading = isByCallback ? Task.CompletedTask : ContinueOnEachAsync(connection);

        var best = await BestAsync($"event to command, {(isByCallback ? "callback" : "channel")}", 300, async () =>
        {
            await peer.SendEventAsync("MIGRATION", """{"status": "pre-switchover"}""");
            await peer.ReturnAsync(await peer.ReadAsync());
        });
        await connection.DisposeAsync();
        await reading.InTime();

        Assert.True(best < TimeSpan.FromMilliseconds(2), $"best {best}");
    }

    static async Task ContinueOnEachAsync(QmpConnection connection)
    {
        await foreach (var _ in connection.Events.ReadAllAsync())
            Continue(connection);
    }

    static void Continue(QmpConnection connection) =>
        _ = connection.ExecuteAsync(MigrateContinue).ContinueWith(static task => task.Exception, TaskScheduler.Default);

    async Task<TimeSpan> BestAsync(string what, int rounds, Func<Task> action)
    {
        await action();
        var times = new List<TimeSpan>();
        for (var i = 0; i < rounds; i++)
        {
            var watch = Stopwatch.StartNew();
            await action();
            times.Add(watch.Elapsed);
        }
        times.Sort();
        var (best, median, p99) = (times[0].TotalMilliseconds, times[rounds / 2].TotalMilliseconds, times[rounds * 99 / 100].TotalMilliseconds);
        output.WriteLine($"{what}: best {best:0.000} ms, median {median:0.000} ms, p99 {p99:0.000} ms, max {times[^1].TotalMilliseconds:0.000} ms");
        return times[0];
    }
}
