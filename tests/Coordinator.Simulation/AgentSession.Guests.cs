using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Simulation;

public sealed partial class AgentSession
{
    private readonly Dictionary<LaunchId, WatchedGuest> _watched = [];

    /// <summary>This life has looked for the processes that are recorded: one that comes up later is none of them.</summary>
    private bool _hasLooked;

    /// <summary>The process that the source's part is about: the one of its newest attempt until that is gone, then the guest that lives here now.</summary>
    private LaunchId SourceLaunch
    {
        get
        {
            LaunchId attempted = Source.Records.Launch;
            bool attemptedIsHere = Disk.LaunchOf(attempted) is { IsGone: false };
            return attemptedIsHere || Disk.Resident == LaunchId.None ? attempted : Disk.Resident;
        }
    }

    private WatchedGuest? Guest(LaunchId launch) => _watched.GetValueOrDefault(launch);

    /// <summary>The process changed: its monitor says so, or its end is seen.</summary>
    public void MachineChanged(Machine machine)
    {
        if (!Agent.IsAlive || Guest(machine.Launch) is not { } guest)
        {
            return;
        }

        if (!machine.Alive)
        {
            if (!guest.IsExitTold)
            {
                guest.IsExitTold = true;
                Agent.After(Dice.Between(50, 1_000), () => Post(() => Exited(guest)));
                guest.AnswerAll();
            }

            return;
        }

        if (machine.Observe() is not null)
        {
            guest.AnswerAll();
        }

        Observe(guest);
    }

    private void ForgetGuests()
    {
        _watched.Clear();
        _hasLooked = false;
        _isListening = false;
        _listens = LaunchId.None;
    }

    private void AdoptRecorded()
    {
        _hasLooked = true;
        Disk next = Disk;
        foreach ((LaunchId launch, LaunchNote note) in Disk.Launches)
        {
            if (note.IsGone || Guest(launch) is not null)
            {
                continue;
            }

            if (Vm.Hypervisors.Of(launch) is { Alive: true } machine && machine.Host == Agent)
            {
                Watch(machine);
            }
            else
            {
                next = next.With(launch, note with { IsGone = true });
            }
        }

        if (next != Disk)
        {
            Write(disk => disk with { Launches = next.Launches }, () => { }, () => Agent.After(500_000, () => Post(AdoptRecorded)));
        }
    }

    private WatchedGuest Watch(Machine machine)
    {
        WatchedGuest guest = new(machine)
        {
            IsArriving = machine.Launch == Destination.Records.Launch && Destination.Records.Running < Destination.Records.Attempt,
        };
        _watched[machine.Launch] = guest;
        Observe(guest);
        if (!machine.Alive)
        {
            MachineChanged(machine);
        }

        return guest;
    }

    /// <summary>Asks QEMU for its states unless that is under way; while its monitor is blocked the answer waits.</summary>
    private void Observe(WatchedGuest guest)
    {
        if (guest.IsObserving)
        {
            guest.LooksAgain = true;
            return;
        }

        guest.IsObserving = true;
        guest.LooksAgain = false;
        int generation = guest.Generation;
        AtMonitor(guest.Machine, () => See(guest, generation));
    }

    private void See(WatchedGuest guest, int generation)
    {
        if (!ReferenceEquals(Guest(guest.Machine.Launch), guest))
        {
            // Asked by an earlier life of this agent: nobody hears the answer.
            return;
        }

        if (!guest.Machine.Alive)
        {
            guest.IsObserving = false;
            return;
        }

        if (guest.Machine.Observe() is not { } seen)
        {
            guest.Pending.Add(() => See(guest, generation));
            return;
        }

        long sequence = ++guest.Sequence;
        QemuView asSource = new(guest.Machine.Launch, Alive: true, seen.Run, guest.Machine.Side == Side.Source ? seen.Status : MigrationStatus.None);
        MigrationStatus arrival = guest.Machine.Side == Side.Destination ? seen.Status : guest.Machine.ArrivedWith > AttemptNo.None && seen.Status == MigrationStatus.None ? MigrationStatus.Completed : seen.Status;
        QemuView asDestination = new(guest.Machine.Launch, Alive: true, seen.Run, arrival);
        LoadedRings rings = seen.Rings;
        Agent.After(Dice.Between(20, Dice.Chance(0.05) ? 20_000 : 400), () =>
        {
            guest.IsObserving = false;
            Post(() => Hear(guest, generation, sequence, asSource, asDestination, rings));
            if (guest.LooksAgain)
            {
                Observe(guest);
            }
        });
    }

    private void Hear(WatchedGuest guest, int generation, long sequence, QemuView asSource, QemuView asDestination, LoadedRings rings)
    {
        if (generation != guest.Generation)
        {
            Observe(guest);
            return;
        }

        if (sequence <= guest.Heard)
        {
            return;
        }

        guest.Heard = sequence;
        guest.Sight = asSource;
        LaunchId launch = guest.Machine.Launch;
        bool source = launch == SourceLaunch && !guest.IsArriving;
        bool destination = launch == Destination.Records.Launch && Destination.Records.Attempt > AttemptNo.None;
        if (asDestination.IsLoaded && destination)
        {
            _rings = rings;
        }

        void HearAsDestination()
        {
            if (destination)
            {
                Feed(new DestinationInput.Observed(asDestination), _ => ListenAgain(guest, asDestination));
            }
        }

        if (source)
        {
            Feed(new SourceInput.Observed(asSource), _ => HearAsDestination());
        }
        else
        {
            HearAsDestination();
        }
    }

    /// <summary>Proven gone, and durably so. The end of a process is told once: what cannot be recorded now is recorded later.</summary>
    private void Exited(WatchedGuest guest)
    {
        LaunchId launch = guest.Machine.Launch;

        // What was seen of it before its end may be told after it.
        guest.Heard = long.MaxValue;
        void Later() => Agent.After(500_000, () => Post(() => Exited(guest)));
        void Note()
        {
            _watched.Remove(launch);
            if (Disk.LaunchOf(launch) is { IsGone: false } note)
            {
                Write(disk => disk.With(launch, note with { IsGone = true }), () => ReportSoon(atOnce: true), Later);
            }
        }

        void HearAsDestination()
        {
            if (launch == Destination.Records.Launch && Destination.Records.Attempt > AttemptNo.None)
            {
                _isListening = false;
                Feed(new DestinationInput.Observed(QemuView.Gone(launch)), _ => Note(), failed: Later);
            }
            else
            {
                Note();
            }
        }

        if (launch == SourceLaunch)
        {
            Feed(new SourceInput.Observed(QemuView.Gone(launch)), _ => HearAsDestination(), failed: Later);
        }
        else
        {
            HearAsDestination();
        }
    }

    /// <summary>A command that is on its way to QEMU when its agent dies is carried out, or was never written to the socket.</summary>
    private void AtMonitor(Machine machine, Action happens)
    {
        long at = Math.Max(World.Agenda.NowMicros + Dice.Between(15, Dice.Chance(0.03) ? 30_000 : 250), machine.MonitorFreeAtMicros + 1);
        machine.MonitorFreeAtMicros = at;
        int life = Agent.Life;
        World.Agenda.After(at - World.Agenda.NowMicros, () =>
        {
            if (Agent.Life == life || Dice.Chance(0.5))
            {
                happens();
            }
        });
    }

    /// <param name="answered">In this life only. Null when QEMU ended meanwhile.</param>
    private void Command(WatchedGuest guest, Func<QemuReply> command, Action<QemuReply> answered)
    {
        int life = Agent.Life;
        AtMonitor(guest.Machine, () =>
        {
            QemuReply reply = command();
            if (Agent.Life != life)
            {
                return;
            }

            if (reply.Kind == QemuReplyKind.NoAnswer && guest.Machine.Alive)
            {
                guest.Pending.Add(() => Agent.After(50, () => answered(reply)));
                return;
            }

            Agent.After(Dice.Between(15, 300), () => answered(reply));
        });
    }

    private QemuView? GuestView()
    {
        LaunchId resident = Disk.Resident;
        return Disk.LaunchOf(resident) is not { } note ? null
            : note.IsGone ? QemuView.Gone(resident)
            : Guest(resident)?.Sight;
    }
}
