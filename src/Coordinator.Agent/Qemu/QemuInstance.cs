using Coordinator.Agent.Processes;
using Coordinator.Agent.Recording;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.QemuModel;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;
using QemuProcess = Coordinator.Agent.Processes.QemuProcess;

namespace Coordinator.Agent.Qemu;

/// <summary>
/// One QEMU process that this agent watches: its pidfd, its monitor (connected again when it breaks), and what was last seen of it. News goes out on the thread that reads
/// the monitor, because every hop to another thread between <c>pre-switchover</c> and <c>migrate-continue</c> is time in which the guest stands still.
/// </summary>
internal sealed partial class QemuInstance : IAsyncDisposable
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(150);
    private static readonly QmpCommand[] s_states = [MigrationCommands.QueryStatus, MigrationCommands.QueryMigrate];

    private readonly Action<QemuNews> _tell;
    private readonly ILogger _logger;
    private readonly QemuHistory? _history;
    private readonly QmpEndpoint _endpoint;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly IReadOnlyList<string>? _trackedDevices;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private QmpSession? _session;
    private QemuSight? _sight;
    private Standby? _standby;
    private Task<IReadOnlyList<DeviceReading>?>? _ringsAhead;
    private long _stateEvents;
    private long _sequence;
    private bool _isObserving;
    private long _quietUntil;

    public QemuInstance(LaunchId launch, QemuProcess process, string monitorPath, IReadOnlyList<string>? trackedDevices, Action<QemuNews> tell, ILogger logger, QemuHistory? history = null)
    {
        Launch = launch;
        Process = process;
        _endpoint = QmpEndpoint.Unix(monitorPath);
        _trackedDevices = trackedDevices;
        _tell = tell;
        _logger = logger;
        _history = history;
    }

    public LaunchId Launch { get; }

    public QemuProcess Process { get; }

    /// <summary>A destination whose guest does not run yet: its status word is that of the arrival.</summary>
    public bool IsArriving { get; set; }

    public QmpVersion? Version { get; private set; }

    /// <summary>The devices of the first reading, so that a reading in the blackout need not ask for the list.</summary>
    public IReadOnlyList<VirtioDevice>? Devices { get; private set; }

    public QemuSight? Sight
    {
        get
        {
            lock (_gate)
            {
                return _sight;
            }
        }
    }

    /// <summary>
    /// The newest news that its session has heard; touched only there. News comes from the thread that reads the monitor and from those that asked: what was seen earlier may be
    /// told later, and a guest that stands still would seem to run.
    /// </summary>
    public long HeardSequence { get; set; }

    /// <summary>Counts the commands that change what QEMU does: a question asked before one says nothing about what it did.</summary>
    public int Generation { get; private set; }

    /// <summary>Ends when the monitor has answered for the first time.</summary>
    public Task Ready => _ready.Task;

    public bool IsConnected => _session?.Current is { } monitor && !monitor.Closed.IsCompleted;

    public void Start()
    {
        QmpOptions options = QmpOptions.Default with { OnEvent = OnEvent, Logger = _logger, Tap = _history is null ? null : _history.Connection };
        _session = QmpSession.Start(_endpoint, options, OnConnectedAsync, () => Process.HasExited, new QmpSessionOptions { FirstPause = TimeSpan.FromMilliseconds(5) });
        _ = TellExitAsync();
    }

    /// <summary>
    /// Asks QEMU for its states, unless that is under way. There is no deadline: in <c>device</c> the monitor answers only when the phase is over, and a second question would
    /// only take a place in QEMU's queue.
    /// </summary>
    public void Observe()
    {
        lock (_gate)
        {
            if (_isObserving || _session?.Current is not { } monitor)
            {
                return;
            }

            _isObserving = true;
            _ = ObserveAsync(monitor);
        }
    }

    /// <summary>Whatever was asked before is out of date now.</summary>
    public void Invalidate() => Generation++;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await DisarmAsync();
        if (_session is { } session)
        {
            await session.DisposeAsync();
        }

        Process.Dispose();
        _stop.Dispose();
    }

    private QmpConnection Monitor => _session?.Current ?? throw new QemuUnreachableException($"the monitor of QEMU {Process.Identity.Pid} at {_endpoint} is not connected");

    private async Task OnConnectedAsync(QmpConnection monitor, CancellationToken ended)
    {
        Version = monitor.Version;
        lock (_gate)
        {
            _sight = null;
            _isObserving = true;
        }

        await ObserveAsync(monitor);
    }

    private async Task ObserveAsync(QmpConnection monitor)
    {
        try
        {
            // While events tell the course of a switchover, the monitor is left alone: QEMU would queue the question behind the main lock.
            TimeSpan quiet = TimeSpan.FromMilliseconds(Math.Max(0, _quietUntil - Environment.TickCount64));
            if (quiet > TimeSpan.Zero)
            {
                await Task.Delay(quiet, _stop.Token);
            }

            // An event may have overtaken the replies, or the other way round: neither is known to be the newer, so ask again.
            bool seen;
            do
            {
                seen = await TrySeeAsync(monitor);
            }
            while (!seen);

            lock (_gate)
            {
                _isObserving = false;
            }

            _ready.TrySetResult();
        }
        catch (Exception e) when (e is QmpException or OperationCanceledException)
        {
            lock (_gate)
            {
                _isObserving = false;
            }
        }
    }

    private async Task<bool> TrySeeAsync(QmpConnection monitor)
    {
        int generation = Generation;
        long before = StateEvents;
        QmpReply[] replies = await monitor.ExecuteManyAsync(s_states, Timeout.InfiniteTimeSpan, _stop.Token);
        QemuSight sight = SightOf(RunStatus.Parse(replies[0].Result), MigrationInfo.Parse(replies[1].Result));
        if (TrySee(sight, before) is not { } sequence)
        {
            return false;
        }

        _tell(new QemuNews(this, Sight: sight, Generation: generation, Sequence: sequence));
        return true;
    }

    private long StateEvents
    {
        get
        {
            lock (_gate)
            {
                return _stateEvents;
            }
        }
    }

    /// <summary>Takes what QEMU answered, unless an event came meanwhile: the answer may be older than it.</summary>
    /// <returns>Its place among all that was seen of this QEMU; null when it was not taken.</returns>
    private long? TrySee(QemuSight sight, long eventsBefore)
    {
        lock (_gate)
        {
            if (_stateEvents != eventsBefore)
            {
                return null;
            }

            _sight = sight;
            return ++_sequence;
        }
    }

    private QemuSight SightOf(RunStatus run, MigrationInfo migration)
    {
        MigrationStatus status = MigrationStatusWords.Parse(migration.Status);
        return new QemuSight(RunStateWords.Parse(run.Status), status, !IsArriving && status == MigrationStatus.Completed && migration.Ram is null);
    }

    private async Task TellExitAsync()
    {
        try
        {
            await Process.WaitForExitAsync(_stop.Token);
            _history?.Exited();
            _ready.TrySetException(new QemuUnreachableException($"QEMU {Process.Identity.Pid} has ended"));
            _ = _ready.Task.Exception;
            _tell(new QemuNews(this, HasExited: true));
        }
        catch (OperationCanceledException)
        {
            // Let go of it; QEMU lives on.
        }
    }
}

/// <summary>The monitor is not connected now. Says nothing about the process.</summary>
internal sealed class QemuUnreachableException(string message) : Exception(message);
