using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>Liveness: no guest stands still for longer than its deadline while those who could act can, and once faults stop everything comes to a good end.</summary>
public sealed partial class Watch
{
    /// <summary>Beyond the deadlines that the policies name: reports, retries, QEMU's own slow steps.</summary>
    private const long MarginMicros = 60_000_000;

    /// <summary>One attempt with every deadline of it run through: preparation, copying, twice the switchover, and 30 s each for roll-back and clean-up.</summary>
    private const long AttemptMicros = 110_000_000;

    /// <summary>Two deadlines, one of which may be the default of an agent that has lost its plan, and QEMU's own slow steps.</summary>
    private const long StandstillMarginMicros = 20_000_000;

    /// <summary>A foreign run is stopped by the agent as soon as it sees it.</summary>
    private const long DoubledMicros = 5_000_000;

    /// <summary>Some twenty steps of QEMU and the agents, the slowest of all; a repetition of an effect or a message would take longer.</summary>
    private const long UndisturbedBlackoutMicros = 140_000;

    /// <summary>A migration with the pause before it; a deadline or a report that had to be asked for would take longer.</summary>
    private const long UndisturbedMicros = 5_000_000;

    private long? _calmSinceMicros;

    public long? CalmSinceMicros => _calmSinceMicros;

    public void Look()
    {
        long now = _world.Agenda.NowMicros;
        _calmSinceMicros = _world.IsCalm ? _calmSinceMicros ?? now : null;
        foreach (VirtualMachine vm in _world.Vms)
        {
            Past record = _records[vm.Number];
            StandsStill(vm, record, now);
            bool doubled = vm.Hypervisors.Machines.Count(m => m.Runs) > 1;
            record.DoubledSinceMicros = doubled ? record.DoubledSinceMicros ?? now : null;
            if (now - Math.Max(record.DoubledSinceMicros ?? now, vm.DisturbedUntilMicros) > DoubledMicros)
            {
                throw new ViolationException("two copies run, and nobody stops the one that a third party continued");
            }
        }

        long bound = MarginMicros + (AttemptMicros * _world.Schedule.Migrations * _world.Schedule.MaxAttempts);
        if (_calmSinceMicros is { } since && now - since > bound && _world.Vms.FirstOrDefault(v => !IsSettled(v)) is { } stuck)
        {
            throw new ViolationException($"no good end: nothing fails any more since {bound / 1_000_000} s, and {stuck.Name} is {Describe(stuck)}");
        }
    }

    /// <summary>Terminal with nothing more to come, or in doubt; and nothing owed to a host that could be asked.</summary>
    public bool IsSettled(VirtualMachine vm)
    {
        VmState state = vm.Journal.State;
        if (Excused(vm, Happened.JournalRestored) && _calmSinceMicros is { } since)
        {
            // Only that nothing bad happens is promised then; a while of it is enough.
            return _world.Agenda.NowMicros - since > 40_000_000;
        }

        bool remains = Excused(vm, Happened.HostLost | Happened.StateLost);
        return state.Migration is { Phase: MigrationPhase.InDoubt }
            || (vm.Client.IsDone && (state.Migration is not { } m || (m.Phase.IsTerminal() && (remains || state.Owed.IsEmpty))));
    }

    public void End()
    {
        foreach (VirtualMachine vm in _world.Vms)
        {
            Truth(vm);
            if (_world.Schedule.Promise != Promise.None)
            {
                Kept(vm, _world.Schedule.Promise);
            }

            if (!Excused(vm, Happened.JournalRestored | Happened.ThirdPartyCont) && !IsGoodEnd(vm))
            {
                throw new ViolationException($"no good end: {vm.Name} is {Describe(vm)}");
            }
        }

        // A journal that forgets, and a copy that a third party continues, break on purpose what the history's checkers hold.
        if (!_world.Vms.Any(vm => Excused(vm, Happened.JournalRestored | Happened.ThirdPartyCont)))
        {
            _world.Chronicle.Judge();
        }
    }

    private void Kept(VirtualMachine vm, Promise promise)
    {
        Schedule schedule = _world.Schedule;
        VmState state = vm.Journal.State;
        Past record = _records[vm.Number];
        if (record.Results.Count != schedule.Migrations || record.Results.Values.Any(phase => phase != MigrationPhase.Succeeded))
        {
            throw new ViolationException($"promised, and yet not all of {schedule.Migrations} migrations succeeded: {string.Join(", ", record.Results.Values)}, {Describe(vm)}");
        }

        Machine home = vm.Hypervisors.Of(state.Residence.Launch) ?? throw new ViolationException("promised, and the journal knows no home");
        RunState expected = schedule.Guest switch
        {
            GuestBefore.Running => RunState.Running,
            GuestBefore.PausedByUser => RunState.Paused,
            _ => RunState.PreLaunch,
        };
        if (home.State.Run != expected || state.Residence.Host != home.Host.Host || !state.Owed.IsEmpty)
        {
            throw new ViolationException($"promised, and the guest is {home.State.Run} instead of {expected}: {Describe(vm)}");
        }

        if (promise >= Promise.SucceedsAtFirstAttempt && state.LastAttempt.Value != schedule.Migrations)
        {
            throw new ViolationException($"promised at the first attempt, and {schedule.Migrations} migrations needed {state.LastAttempt.Value}: {Describe(vm)}");
        }

        if (promise < Promise.SucceedsAtOnce)
        {
            return;
        }

        if (record.LongestBlackoutMicros > UndisturbedBlackoutMicros)
        {
            throw new ViolationException($"promised at once, and the guest stood still for {record.LongestBlackoutMicros / 1_000} ms");
        }

        if (vm.Client.DoneAtMicros is { } done && done > schedule.Migrations * UndisturbedMicros)
        {
            throw new ViolationException($"promised at once, and {schedule.Migrations} migrations took {done / 1_000} ms");
        }
    }

    private void StandsStill(VirtualMachine vm, Past record, long now)
    {
        const Happened Excuses = Happened.QemuDied | Happened.StateLost | Happened.HostLost | Happened.JournalRestored | Happened.ThirdPartyCont;
        if (_world.Schedule.Guest != GuestBefore.Running || Excused(vm, Excuses) || vm.Hypervisors.Machines.Any(m => m.Runs))
        {
            record.StillSinceMicros = null;
            return;
        }

        record.StillSinceMicros ??= now;
        long since = Math.Max(Math.Max(record.StillSinceMicros.Value, vm.DisturbedUntilMicros), _world.AmbientUntilMicros);
        long deadline = 2_000L * (vm.Journal.State.Migration?.Policy.SwitchoverDeadlineMs ?? 5_000);
        if (now - since > deadline + StandstillMarginMicros)
        {
            throw new ViolationException($"the guest of {vm.Name} stands still for {(now - since) / 1_000_000} s although nobody is hindered: {Describe(vm)}");
        }
    }

    private bool IsGoodEnd(VirtualMachine vm)
    {
        VmState state = vm.Journal.State;
        if (state.Migration is not { } m)
        {
            return true;
        }

        Machine? source = vm.Hypervisors.Of(m.SourceLaunch);
        Machine? destination = m.DestinationLaunch == LaunchId.None ? null : vm.Hypervisors.Of(m.DestinationLaunch);
        bool mayLeaveRemains = Excused(vm, Happened.HostLost | Happened.StateLost);
        return m.Phase switch
        {
            MigrationPhase.Succeeded => (Lives(destination) || vm.Killed.Contains(m.DestinationLaunch)) && source is not { Runs: true } && (source is not { Alive: true } || mayLeaveRemains),
            MigrationPhase.Cancelled or MigrationPhase.Failed =>
                (Lives(source) || vm.Killed.Contains(m.SourceLaunch)) && (destination is not { Alive: true } || mayLeaveRemains),
            MigrationPhase.Lost when m.Resolution is not null => source is not { Runs: true } && destination is not { Runs: true },
            MigrationPhase.Lost => vm.Killed.Contains(m.SourceLaunch) && destination is not { Runs: true } && !CouldLive(vm, destination),
            MigrationPhase.InDoubt => IsNamedDoubt(vm, m, source, destination),
            _ => false,
        };
    }

    /// <summary>Something was lost that holds the answer, a person has been called, and the guest runs on no side whose agent could say so.</summary>
    private bool IsNamedDoubt(VirtualMachine vm, MigrationState m, Machine? source, Machine? destination)
    {
        bool couldTell = !Excused(vm, Happened.HostLost | Happened.StateLost) && (source is { Runs: true } || destination is { Runs: true });
        return Excused(vm, Happened.QemuDied | Happened.HostLost | Happened.StateLost) && !couldTell && !NeverRan(vm, m, source, destination) && !WaitsForNobody(vm, m, source, destination) && _records[vm.Number].Alerts.Contains(m.Attempt) && m.Reason.Length > 0;
    }

    /// <summary>
    /// The copy died before its agent sent it a <c>cont</c>, and that agent has lived on since: it knows that nothing ran, takes its <c>run</c> back, and the source goes on. No doubt is left.
    /// </summary>
    private bool NeverRan(VirtualMachine vm, MigrationState m, Machine? source, Machine? destination)
    {
        Past past = _records[vm.Number];
        return m.Resolution is null && !Excused(vm, Happened.HostLost | Happened.StateLost | Happened.Overruled)
            && source is { Alive: true, Host.IsAlive: true } && destination is { Alive: false, HasRun: false, Host.IsAlive: true }
            && !past.ContSent.Contains(m.Attempt) && past.RunInLife.TryGetValue(m.Attempt, out int life) && life == destination.Host.Life;
    }

    /// <summary>The source's QEMU is dead and no stream has come to the destination: its agent abandons it, and the guest is lost without a doubt.</summary>
    private static bool WaitsForNobody(VirtualMachine vm, MigrationState m, Machine? source, Machine? destination) =>
        m.Resolution is null && !Excused(vm, Happened.HostLost | Happened.StateLost) && source is { Alive: false } && destination is { Alive: true }
        && destination.Observe() is { Run: RunState.InMigrate, Status: MigrationStatus.None or MigrationStatus.Setup };

    /// <summary>Loaded, and not refused: the last copy.</summary>
    private bool CouldLive(VirtualMachine vm, Machine? machine) =>
        machine is { Alive: true, Side: Side.Destination, State.Status: MigrationStatus.Completed } && machine.Host.IsAlive
        && machine.Host.Session(vm).Disk.Destination.RefusedUpTo < machine.ArrivedWith && !Excused(vm, Happened.StateLost);

    private bool Lives(Machine? machine) =>
        machine is not null && (_world.Schedule.Guest == GuestBefore.Running ? machine.Runs : machine is { Alive: true, State.Incoming: false });

    private static string Describe(VirtualMachine vm)
    {
        VmState state = vm.Journal.State;
        string copies = string.Join(", ", vm.Hypervisors.Machines.Select(m => $"{m} {(m.Alive ? $"{m.State.Run}/{m.State.Status}" : "gone")}"));
        string agents = string.Join(", ", vm.Hypervisors.Machines.Select(m => m.Host).Distinct().Select(
            a => $"{a.Name} {(a.IsAlive ? $"source {a.Session(vm).Source.Stage} destination {a.Session(vm).Destination.Stage}" : "down")}"));
        return $"{state.Migration?.Phase.ToString() ?? "never migrated"} ({state.Migration?.Reason}), owed {state.Owed}, {vm.Happened}; {copies}; {agents}; client {(vm.Client.IsDone ? "done" : "asks")}";
    }
}
