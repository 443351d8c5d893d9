using Coordinator.Agent.Sessions;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;

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
    private int _timer;
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
        if (!World.Rules.RegisterIsDurable)
        {
            Disk = Disk with { Copied = Destination.Records, Registers = Disk.Registers.Select(r => (r.Attempt, Coordinator.Agent.State.RegisterValue.Empty)).ToEquatableList() };
        }

        Post(AdoptRecorded);
    }

    public void Crash()
    {
        // What was on its way to the disk may have reached it, in the order in which it was sent.
        if (_copy is { } copy && Dice.Chance(0.5))
        {
            Disk = Disk with { Copied = copy };
            World.Watch.Stored(this);
            _copy = null;
        }

        if (_writing is { } writing && _copy is null && Dice.Chance(0.5))
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

    private void Forget()
    {
        _writing = null;
        _copy = null;
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
