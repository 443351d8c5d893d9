using System.Globalization;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Benchmarks;

/// <summary>How a bare script hands over.</summary>
enum BareWay
{
    /// <summary>Plain precopy: the destination runs by itself as soon as it has loaded. Nothing can be faster, and nothing is checked.</summary>
    Autostart,

    /// <summary>As the coordinator does it, without any check: stop before the switchover, go on at once, <c>cont</c> once the destination says <c>completed</c>.</summary>
    PauseAndContinue,
}

/// <summary>
/// The baseline: the few QMP commands that a script sends, over the same QMP client, with the same limits. Its guest goes forth and back between two command lines.
/// </summary>
sealed class BareScript(LabNetwork network, QemuBinary qemu, Func<string, IReadOnlyList<string>> argumentsOn, string folder) : IAsyncDisposable
{
    const int StreamPort = 49_300;
    const long Bandwidth = 1L << 30;

    // QEMU's default of 300 would let it send a whole small guest while that stands still, or not, by chance.
    const int DowntimeLimitMs = 10;

    static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    Side? resident;
    int launches;

    public async Task Start(string host) => resident = await Launch(host, incoming: false);

    /// <returns>From the source's STOP to the destination's RESUME, by QEMU's own timestamps.</returns>
    public async Task<TimeSpan> Migrate(string destination, BareWay way)
    {
        var source = resident!;
        var arriving = await Launch(destination, incoming: true, stopped: way == BareWay.PauseAndContinue);
        var uri = string.Create(CultureInfo.InvariantCulture, $"tcp:{network[destination].Address}:{StreamPort}");
        source.Expect(way, arriving);
        await arriving.Monitor.ExecuteAsync("migrate-set-capabilities", Capabilities("events", "return-path"));
        await arriving.Monitor.ExecuteAsync("migrate-incoming", new { Uri = uri });
        await source.Monitor.ExecuteAsync("migrate-set-capabilities", Capabilities(
            way == BareWay.PauseAndContinue ? ["events", "return-path", "pause-before-switchover"] : ["events", "return-path"]));
        await source.Monitor.ExecuteAsync("migrate-set-parameters", new { DowntimeLimit = DowntimeLimitMs, MaxBandwidth = Bandwidth });
        await source.Monitor.ExecuteAsync("migrate", new { Uri = uri });
        var stopped = await source.Stopped.Task.WaitAsync(Limit);
        var resumed = await arriving.Resumed.Task.WaitAsync(Limit);
        await source.Completed.Task.WaitAsync(Limit);
        await source.DisposeAsync();
        resident = arriving;
        return resumed - stopped;
    }

    public async ValueTask DisposeAsync()
    {
        if (resident is not null)
            await resident.DisposeAsync();
    }

    async Task<Side> Launch(string host, bool incoming, bool stopped = false)
    {
        var socket = Path.Combine(folder, $"bare-{++launches}.qmp");
        string[] arguments = [.. argumentsOn(host), "-qmp", $"unix:{socket},server=on,wait=off", .. incoming ? ["-incoming", "defer"] : Array.Empty<string>(), .. stopped ? ["-S"] : Array.Empty<string>()];
        var process = QemuProcess.Start(qemu, network, arguments, socket);
        await process.WaitForMonitor(Limit);
        return await Side.Connect(process);
    }

    static object Capabilities(params string[] names) => new { Capabilities = names.Select(name => new { Capability = name, State = true }).ToArray() };

    /// <summary>One QEMU and what it has said.</summary>
    sealed class Side : IAsyncDisposable
    {
        static readonly QmpCommand Continue = new("cont");
        static readonly QmpCommand ContinueSwitchover = new("migrate-continue", new { State = "pre-switchover" });

        readonly QemuProcess process;
        BareWay way;
        Side? destination;

        Side(QemuProcess process) => this.process = process;

        public QmpConnection Monitor { get; private set; } = null!;
        public TaskCompletionSource<DateTimeOffset> Stopped { get; private set; } = New();
        public TaskCompletionSource<DateTimeOffset> Resumed { get; private set; } = New();
        public TaskCompletionSource<DateTimeOffset> Completed { get; private set; } = New();

        public static async Task<Side> Connect(QemuProcess process)
        {
            var side = new Side(process);
            var options = QmpOptions.Default with { OnEvent = side.Hear };
            // The socket's file is there before QEMU listens.
            side.Monitor = await Eventually.Becomes(
                async () =>
                {
                    try
                    {
                        return await QmpConnection.ConnectAsync(QmpEndpoint.Unix(process.QmpSocket), options);
                    }
                    catch (QmpConnectException)
                    {
                        return null;
                    }
                },
                Limit, "the bare guest's monitor");
            return side;
        }

        public void Expect(BareWay by, Side arriving)
        {
            (way, destination) = (by, arriving);
            arriving.way = by;
            (Stopped, Completed) = (New(), New());
        }

        public async ValueTask DisposeAsync()
        {
            await Monitor.DisposeAsync();
            await process.DisposeAsync();
        }

        static TaskCompletionSource<DateTimeOffset> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        void Hear(QmpConnection monitor, QmpEvent happened)
        {
            switch (GuestEvent.Parse(happened))
            {
                case GuestStopped stop:
                    Stopped.TrySetResult(stop.Timestamp);
                    break;
                case GuestResumed resume:
                    Resumed.TrySetResult(resume.Timestamp);
                    break;
                case MigrationStatusChanged { Status: "pre-switchover" }:
                    _ = monitor.ExecuteAsync(ContinueSwitchover);
                    break;
                case MigrationStatusChanged { Status: "completed" } completed:
                    Completed.TrySetResult(completed.Timestamp);
                    if (way == BareWay.PauseAndContinue && destination is null)
                        _ = monitor.ExecuteAsync(Continue);
                    break;
                case MigrationStatusChanged { Status: "failed" } failed:
                    var failure = new LabFailure($"the bare script's migration failed at {failed.Timestamp:O}");
                    Stopped.TrySetException(failure);
                    Completed.TrySetException(failure);
                    Resumed.TrySetException(failure);
                    break;
                default:
                    break;
            }
        }
    }
}
