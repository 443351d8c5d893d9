using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Agent.Sessions;

namespace Coordinator.Simulation;

/// <summary>
/// The shell of one VM on one host, as the agent's: one input after the other, decision of the production code, durable part to disk, the new state, then what the state asks
/// for. Between a write and what follows from it anything may happen.
/// </summary>
public sealed partial class AgentSession
{
    private readonly Queue<Action> _inbox = [];
    private readonly StandstillWatch _standstill = new();
    private EffectLedger<SourceEffect> _sourceEffects = null!;
    private EffectLedger<DestinationEffect> _destinationEffects = null!;
    private bool _isHandling;
    private Func<Disk, Disk>? _writing;
    private int _timer;
    private (SourceReport, DestinationReport, CommandFloor, LaunchId, QemuView?, bool)? _reported;
    private bool _isReportDue;
    private Disk _backup = new();

    public AgentSession(AgentNode agent, VirtualMachine vm)
    {
        Agent = agent;
        Vm = vm;
        World = agent.World;
        Forget();
    }

    public AgentNode Agent { get; }

    public VirtualMachine Vm { get; }

    public World World { get; }

    public Disk Disk { get; private set; } = new();

    public SourceHandoff Source { get; private set; } = SourceHandoff.Initial;

    public DestinationHandoff Destination { get; private set; } = DestinationHandoff.Initial;

    private Dice Dice => Agent.Dice;

    private long NowMs => World.Agenda.NowMs;

    public void Install(Func<Disk, Disk> change) => Disk = change(Disk);

    /// <summary>A new life of the agent: records are read, processes found again or proven gone, everything observed anew.</summary>
    public void Begin()
    {
        Source = World.Rules.Restart(new SourceHandoff { Records = Disk.Source });
        Destination = World.Rules.Restart(new DestinationHandoff { Records = Disk.Destination });
        Post(AdoptRecorded);
    }

    public void Crash()
    {
        // What was on its way to the disk may have reached it.
        if (_writing is { } writing && Dice.Chance(0.5))
        {
            Disk = writing(Disk);
            World.Watch.Stored(this);
        }

        Forget();
    }

    public void ReplaceDisk(bool restored)
    {
        Disk = restored ? _backup.AsRestored() : new Disk();
        World.Watch.StoreReplaced(this);
    }

    /// <summary>A copy of the store as it is now is kept somewhere.</summary>
    public void BackUp() => _backup = Disk;

    public void Post(Action input)
    {
        if (!Agent.IsAlive)
        {
            return;
        }

        _inbox.Enqueue(input);
        Pump();
    }

    /// <summary>What the coordinators are told.</summary>
    public HostReport Report() =>
        new(Agent.Host, Disk.Floor, Agent.Store, World.Rules.Report(Source), DestinationReport.Of(Destination), GuestView())
        {
            IsListening = _isListening && Destination.Records.Launch == _listens,
            GateFindings = _gateFindings == Destination.Records.Attempt && Destination.Records.Attempt > AttemptNo.None ? ["rings differ"] : [],
            SourceError = _sourceError,
        };

    private void Forget()
    {
        _writing = null;
        _inbox.Clear();
        _isHandling = false;
        _timer++;
        _isReportDue = false;
        _reported = null;
        _sourceEffects = new(TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(400));
        _destinationEffects = new(TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(400));
        _standstill.Reset();
        ForgetGuests();
        ForgetSource();
        ForgetDestination();
        _underWay.Clear();
    }

    private void Pump()
    {
        while (!_isHandling && Agent.Acts && _inbox.TryDequeue(out Action? input))
        {
            _isHandling = true;
            input();
            if (_writing is null)
            {
                Ended();
            }
        }
    }

    private void Ended()
    {
        _isHandling = false;
        Settle();
    }

    /// <summary>Nothing else is handled until it is on disk; a crash meanwhile leaves it there or not.</summary>
    private void Write(Func<Disk, Disk> change, Action then, Action? failed = null)
    {
        long now = World.Agenda.NowMicros;
        long takes = now < Agent.DiskSlowUntilMicros ? Dice.Between(50_000, 2_000_000) : Dice.Between(100, Dice.Chance(0.05) ? 20_000 : 3_000);
        _writing = change;
        int life = Agent.Life;
        World.Agenda.After(takes, () =>
        {
            if (Agent.Life != life || _writing != change)
            {
                return;
            }

            if (World.Agenda.NowMicros < Agent.DiskFullUntilMicros)
            {
                // Nothing was recorded, so nothing has happened: whoever sent the input repeats it, and effects are performed again.
                World.Coverage.Saw("an agent's write was refused");
                Agent.After(1, () =>
                {
                    _writing = null;
                    _isHandling = false;
                    failed?.Invoke();
                    Agent.After(500_000, () => Post(() => { }));
                    Pump();
                });
                return;
            }

            Disk = change(Disk);
            World.Watch.Stored(this);
            Agent.After(Dice.Between(5, 200), () =>
            {
                _writing = null;
                then();
                if (_writing is null)
                {
                    Ended();
                    Pump();
                }
            });
        });
    }

    private void Feed(SourceInput input, Action<CommandReply>? then = null, Func<Disk, CommandReply, Disk>? alongside = null, Action? failed = null)
    {
        Decision<CommandReply, SourceEvent> decision = World.Rules.Decide(Source, input);
        SourceHandoff next = Source;
        foreach (SourceEvent happened in decision.Events)
        {
            next = World.Rules.Apply(next, happened);
        }

        if (next.Records == Source.Records && alongside is null)
        {
            Become(next);
            then?.Invoke(decision.Reply);
            return;
        }

        Write(
            disk => alongside is null ? disk with { Source = next.Records } : alongside(disk with { Source = next.Records }, decision.Reply),
            () =>
            {
                Become(next);
                then?.Invoke(decision.Reply);
            },
            failed);
    }

    private void Feed(DestinationInput input, Action<DestinationReply>? then = null, Func<Disk, CommandReply, Disk>? alongside = null, Action? failed = null)
    {
        Decision<DestinationReply, DestinationEvent> decision = World.Rules.Decide(Destination, input);
        DestinationHandoff next = Destination;
        foreach (DestinationEvent happened in decision.Events)
        {
            next = World.Rules.Apply(next, happened);
        }

        World.Watch.DestinationDecided(this, Destination, next, input);
        if (next.Records == Destination.Records && alongside is null)
        {
            Become(next);
            then?.Invoke(decision.Reply);
            return;
        }

        bool runs = next.Records.Running > Destination.Records.Running;
        Write(
            disk =>
            {
                Disk with = disk with { Destination = next.Records, Resident = runs ? next.Records.Launch : disk.Resident };
                return alongside is null ? with : alongside(with, decision.Reply.Command ?? CommandReply.Accepted);
            },
            () =>
            {
                Become(next);
                then?.Invoke(decision.Reply);
            },
            failed);
    }

    private void Become(SourceHandoff next) => Source = next;

    private void Become(DestinationHandoff next) => Destination = next;

    /// <summary>Performs what the state asks for and is not under way.</summary>
    private void Settle()
    {
        WatchStandstill();
        _sourceEffects.Perform(World.Rules.Effects(Source), NowMs, Perform, rest => Post(rest));
        _destinationEffects.Perform(World.Rules.Effects(Destination), NowMs, Perform, rest => Post(rest));
        TellSource();
        FollowResumed();
        NotifyChanges();
        ArmTimer();
    }

    private void NotifyChanges()
    {
        (SourceReport, DestinationReport, CommandFloor, LaunchId, QemuView?, bool) now =
            (World.Rules.Report(Source), DestinationReport.Of(Destination), Disk.Floor, Disk.Resident, GuestView(), _isListening);
        if (_reported is { } before && now == before)
        {
            return;
        }

        bool isStage = _reported is not { } old || now.Item1.Stage != old.Item1.Stage || now.Item2.Stage != old.Item2.Stage;
        if (World.Tells && isStage)
        {
            World.Tell($"{Agent.Name}/{Vm.Name}", $"source {now.Item1.Stage} (attempt {now.Item1.Attempt}), destination {now.Item2.Stage} (attempt {now.Item2.Attempt})");
        }

        _reported = now;
        World.Coverage.Saw(now.Item1.Stage, now.Item2.Stage);
        ReportSoon(atOnce: isStage && now.Item1.Stage != SourceStage.NotObserved && now.Item2.Stage != DestinationStage.NotObserved);
    }

    private void ReportSoon(bool atOnce)
    {
        if (atOnce)
        {
            SendReport();
        }
        else if (!_isReportDue)
        {
            _isReportDue = true;
            Agent.After(100_000, () =>
            {
                if (_isReportDue)
                {
                    SendReport();
                }
            });
        }
    }

    private void SendReport()
    {
        _isReportDue = false;
        AgentReport report = new(Agent.LifeId, Agent.NextSequence(), Report(), _isListening ? _listens : LaunchId.None, _rehearsed);
        foreach (Incarnation incarnation in Vm.Incarnations)
        {
            World.Network.Send(Agent, incarnation.Node, () => incarnation.Hear(report));
        }
    }

    private void ArmTimer()
    {
        long? due = Min(Min(_sourceEffects.NextDueMs, _destinationEffects.NextDueMs), _standstill.DueMs);
        int timer = ++_timer;
        if (due is { } at)
        {
            Agent.After(Math.Max(1, at - NowMs) * 1_000, () =>
            {
                if (timer == _timer)
                {
                    Post(() => { });
                }
            });
        }
    }

    private static long? Min(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}

/// <param name="Stream">The launch that listens there; none while nothing does.</param>
/// <param name="Rehearsed">The newest attempt whose handoff was rehearsed from here.</param>
public sealed record AgentReport(Guid Life, long Sequence, HostReport Report, LaunchId Stream, AttemptNo Rehearsed);
