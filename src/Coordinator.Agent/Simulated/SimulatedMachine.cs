using System.Diagnostics;
using System.Text.Json.Nodes;
using Coordinator.Domain.QemuModel;
using Model = Coordinator.Domain.QemuModel.Qemu;
using ModelProcess = Coordinator.Domain.QemuModel.QemuProcess;

namespace Coordinator.Agent.Simulated;

/// <summary>
/// One QEMU of the one model, in real time. What a command or a step does is what <see cref="Model.Execute"/> and <see cref="Model.Steps"/> say; this class only decides when, and
/// tells it. The model knows both ends of a stream: the other one's part of the pair is what has come over the stream, as a process cannot know more of its peer either.
/// </summary>
internal sealed partial class SimulatedMachine : IDisposable
{
    private readonly SimulatedCommandLine _line;
    private readonly SimulatedRings _rings;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<string> _capabilities = new(StringComparer.Ordinal);

    private QemuPair _pair;
    private Side _side;
    private TaskCompletionSource _free = Completed();
    private string _error = "";
    private bool _refusesLoad;

    public SimulatedMachine(SimulatedCommandLine line)
    {
        _line = line;
        _rings = new SimulatedRings(line.Devices);
        QemuPair fresh = Model.Start(new QemuTraits(QemuVersion.V10), line.IsStopped ? GuestBefore.NeverRan : GuestBefore.Running, QemuCapabilities.None);
        _side = line.IsIncoming ? Side.Destination : Side.Source;
        _pair = line.IsIncoming ? Model.LaunchDestination(fresh with { Source = default }, autostart: !line.IsStopped) : fresh;
        _rings.GuestRuns(_pair[_side].GuestRuns);
    }

    /// <summary>Every event, in its order, under the machine's own gate; a receiver only takes it down.</summary>
    public Action<JsonObject> Tells { get; set; } = _ => { };

    /// <summary>The guest begins (true) or ceases to run; under the machine's own gate.</summary>
    public Action<bool> Runs { get; set; } = _ => { };

    /// <summary>What QEMU writes to stderr.</summary>
    public Action<string> Complains { get; set; } = Console.Error.WriteLine;

    /// <summary>The exit code.</summary>
    public Task<int> Ended => _ended.Task;

    /// <summary>Ends when the main lock is free: until then no in-band command is looked at.</summary>
    public Task Free
    {
        get
        {
            lock (_gate)
            {
                return _free.Task;
            }
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stream?.Dispose();
        _stop.Dispose();
    }

    private ModelProcess Self => _pair[_side];

    private void Become(QemuPair next)
    {
        QemuPair before = _pair;
        _pair = next;
        if (before[_side].GuestRuns != Self.GuestRuns)
        {
            _rings.GuestRuns(Self.GuestRuns);
            Runs(Self.GuestRuns);
        }

        foreach (QemuEvent happened in QemuEvent.Between(before, next).Where(e => e.Side == _side))
        {
            Tell(happened);
        }

        if (Self.MonitorBlocked)
        {
            _free = _free.Task.IsCompleted ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : _free;
        }
        else
        {
            _free.TrySetResult();
        }
    }

    private void Tell(QemuEvent happened)
    {
        switch (happened.Kind)
        {
            case QemuEventKind.Stop:
                Tell("STOP");
                break;
            case QemuEventKind.Resume:
                Tell("RESUME");
                break;
            case QemuEventKind.Migration:
                _switchover.Note(happened.Status);
                TellMigration("MIGRATION", new JsonObject { ["status"] = happened.Status.ToQmp() });
                break;
            case QemuEventKind.ProcessEnded:
                _ended.TrySetResult(Self.Life == ProcessLife.ExitedOk ? 0 : 1);
                break;
            default:
                throw new InvalidOperationException($"no event: {happened.Kind}");
        }
    }

    private void TellMigration(string name, JsonObject data)
    {
        if (_capabilities.Contains("events"))
        {
            Tell(name, data);
        }
    }

    private void Tell(string name, JsonObject? data = null)
    {
        long micros = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        JsonObject told = new()
        {
            ["timestamp"] = new JsonObject { ["seconds"] = micros / 1_000_000, ["microseconds"] = micros % 1_000_000 },
            ["event"] = name,
        };
        if (data is not null)
        {
            told["data"] = data;
        }

        Tells(told);
    }

    /// <summary>A step that the stream or the time has brought; false when the model does not offer it now.</summary>
    private bool Take(QemuStepKind kind, Side side)
    {
        foreach (QemuStep step in Model.Steps(_pair))
        {
            if (step.Kind == kind && step.Side == side)
            {
                Become(step.Next);
                return true;
            }
        }

        return false;
    }

    /// <summary>What happens by itself and at once, until nothing does.</summary>
    private void Advance()
    {
        while (Self.Alive && Model.Steps(_pair).Where(IsDue).Take(1).ToArray() is [var due])
        {
            if (due.Side == Side.Destination && _arrived is { } state)
            {
                _rings.Load(state.IsDriven, state.RanMicros);
                _moves = state.Moves;
                _arrived = null;
            }

            // What it says to others comes first: the last step ends this process.
            Follow(due.Kind);
            Become(due.Next);
        }
    }

    private bool IsDue(QemuStep step) => step.Side == _side && step.Kind switch
    {
        QemuStepKind.Fails or QemuStepKind.Completes or QemuStepKind.Settles or QemuStepKind.Acknowledges or QemuStepKind.StreamEndsEarly => true,
        QemuStepKind.Loads or QemuStepKind.LoadFails or QemuStepKind.LoadsWithBrokenRing or QemuStepKind.LoadsWithOtherIndex =>
            _arrived is not null && step.Kind == WayToLoad,
        _ => false,
    };

    private QemuStepKind WayToLoad => _refusesLoad ? QemuStepKind.LoadFails : _line.LoadFault switch
    {
        LoadFault.None => QemuStepKind.Loads,
        LoadFault.Fails => QemuStepKind.LoadFails,
        LoadFault.BrokenRing => QemuStepKind.LoadsWithBrokenRing,
        LoadFault.OtherIndex => QemuStepKind.LoadsWithOtherIndex,
        _ => throw new InvalidOperationException($"no fault: {_line.LoadFault}"),
    };

    private static TaskCompletionSource Completed()
    {
        TaskCompletionSource done = new();
        done.SetResult();
        return done;
    }

    /// <summary>When what happened, for the figures of <c>query-migrate</c>.</summary>
    private sealed class SwitchoverTimes
    {
        private long _began;
        private long _stopped;
        private long _over;

        public void Began() => (_began, _stopped, _over) = (Stopwatch.GetTimestamp(), 0, 0);

        public void Stopped() => _stopped = Stopwatch.GetTimestamp();

        public void Note(MigrationStatus status)
        {
            if (!status.IsInProgress() && _began != 0 && _over == 0)
            {
                _over = Stopwatch.GetTimestamp();
            }
        }

        public long TotalMs => (long)Stopwatch.GetElapsedTime(_began, _over == 0 ? Stopwatch.GetTimestamp() : _over).TotalMilliseconds;

        public long DowntimeMs => _stopped == 0 || _over == 0 ? 0 : (long)Stopwatch.GetElapsedTime(_stopped, _over).TotalMilliseconds;
    }
}
