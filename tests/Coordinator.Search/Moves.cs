using System.Runtime.CompilerServices;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Search;

/// <summary>What can happen in one state of the world: each an atomic step of one party, of QEMU, or of the adversary.</summary>
public sealed partial class Moves
{
    private static readonly HostName SourceHost = new("source");
    private static readonly HostName DestinationHost = new("destination");
    private static readonly LaunchId SourceLaunch = new(new Guid(9, 0, 0, new byte[8]));

    private static readonly StoreInstanceId NewStore = new(new Guid(2, 0, 0, new byte[8]));

    private readonly ProtocolRules _rules;
    private readonly SearchOptions _options;

    public Moves(ProtocolRules rules, SearchOptions options)
    {
        _rules = rules;
        _options = options;
    }

    public Interner<VmState> Journals { get; } = new();

    public Interner<VmEntity> Entities { get; } = new();

    public Interner<SourceAgent> Sources { get; } = new();

    public Interner<DestinationAgent> Destinations { get; } = new();

    public Interner<QemuPair> Pairs { get; } = new();

    public Interner<Command> Commands { get; } = new();

    public Interner<SourceMessage> Messages { get; } = new();

    public Interner<RegisterReply> Answers { get; } = new();

    public SetInterner Sets { get; } = new();

    /// <summary>Whether steps are given names; off while exploring, on while a trace is told.</summary>
    public bool TellsNames { get; set; }

    /// <summary>Off where no fault may follow any more: most states of a search stand there, and what nobody asks for takes a third of the time.</summary>
    public bool WithFaults { get; set; } = true;

    private string Say([InterpolatedStringHandlerArgument("")] LabelHandler label) => label.ToString();

    /// <summary>How many states each participant took: what the world's are made of.</summary>
    public string Components => $"journals {Journals.Count}, coordinators {Entities.Count}, sources {Sources.Count}, destinations {Destinations.Count}, QEMU pairs {Pairs.Count}";

    /// <summary>Where a move leads, what it is called, and whether it is a fault.</summary>
    public delegate void Found(World next, string name, bool isFault);

    /// <summary>The guest runs at the source, a migration has been asked for, nobody has acted yet.</summary>
    public World Start()
    {
        VmState state = VmState.Initial;
        RequestId request = new("r1");
        MigrationPolicy policy = MigrationPolicy.Default with { MaxAttempts = _options.MaxAttempts };
        VmEvent[] before =
        [
            new VmEvent.VmStartOrdered(request, SourceHost, SourceLaunch, ""),
            new VmEvent.VmResident(SourceHost, SourceLaunch),
            new VmEvent.MigrationRequested(request, new Guid(7, 0, 0, new byte[8]), SourceHost, SourceLaunch, DestinationHost, policy),
        ];
        state = before.Aggregate(state, VmTransitions.Apply);
        return new World(
            Journals.Of(state), -1, -1,
            Sources.Of(new SourceAgent(Alive: true, CommandFloor.Lowest, SourceHandoff.Initial)),
            Destinations.Of(new DestinationAgent(Alive: true, CommandFloor.Lowest, DestinationHandoff.Initial, new StoreInstanceId(new Guid(1, 0, 0, new byte[8])))),
            Pairs.Of(Qemu.Start(_options.Traits, _options.Guest)), 0, 0, Happened.None);
    }

    public void From(World world, Found found)
    {
        CoordinatorMoves(world, slot: 0, found);
        CoordinatorMoves(world, slot: 1, found);
        SourceMoves(world, found);
        DestinationMoves(world, found);
        UnderWay(world, found);
        QemuMoves(world, found);
        HostMoves(world, found);
    }

    private void QemuMoves(World world, Found found)
    {
        foreach ((QemuStep step, int next) in StepsOf(world.Pair))
        {
            if (!WithFaults && (step.IsFault || step.Kind == QemuStepKind.ProcessDies))
            {
                continue;
            }

            if (step.Kind == QemuStepKind.ProcessDies)
            {
                if (_options.QemuDeath)
                {
                    Happened died = step.Side == Side.Source ? Happened.SourceQemuDied : Happened.DestinationQemuDied;
                    found(world with { Pair = next, Happened = world.Happened | died }, Say($"{step.Side} QEMU dies"), isFault: true);
                }

                continue;
            }

            Happened kind = step.IsFault ? KindOf(step.Kind) : Happened.None;
            if (_options.QemuFaults || !step.IsFault || kind is Happened.SentIntoBuffer or Happened.LockReleasedStalled or Happened.StreamBroke or Happened.StreamStalled or Happened.TailLost or Happened.AcknowledgementLost)
            {
                found(Remembering(world with { Pair = next }, kind), Say($"QEMU: {step.Name}"), step.IsFault);
            }
        }

        QemuPair pair = Pairs[world.Pair];
        if (WithFaults && _options.ThirdPartyCont && pair.Source is { Alive: true, GuestRuns: false } && Qemu.Observe(pair, Side.Source) is not null)
        {
            foreach (int next in OutcomesOf(world.Pair, Side.Source, QemuCommand.Cont))
            {
                found(world with { Pair = next }, "a third party continues the source", isFault: true);
            }
        }
    }

    private void HostMoves(World world, Found found)
    {
        SourceAgent source = Sources[world.Source];
        DestinationAgent destination = Destinations[world.Destination];
        if (source.Alive)
        {
            if (WithFaults && _options.AgentCrashes)
            {
                found(Remembering(world with { Source = Sources.Of(Stopped(source)) }, Happened.SourceAgentCrashed), "source agent crashes", isFault: true);
            }
        }
        else if (!world.Happened.HasFlag(Happened.SourceHostLost))
        {
            found(world with { Source = Sources.Of(source with { Alive = true }) }, "source agent restarts", isFault: false);
        }

        if (destination.Alive)
        {
            if (WithFaults && _options.AgentCrashes)
            {
                found(Remembering(world with { Destination = Destinations.Of(Stopped(destination)) }, Happened.DestinationAgentCrashed), "destination agent crashes", isFault: true);
            }

            if (WithFaults && _options.StateWipe)
            {
                DestinationAgent wiped = new(Alive: true, CommandFloor.Lowest, DestinationHandoff.Initial, NewStore);
                found(world with { Destination = Destinations.Of(wiped), Happened = world.Happened | Happened.StateWiped }, "destination agent loses its state", isFault: true);
            }
        }
        else if (!world.Happened.HasFlag(Happened.DestinationHostLost))
        {
            found(world with { Destination = Destinations.Of(destination with { Alive = true }) }, "destination agent restarts", isFault: false);
        }

        if (!WithFaults || !_options.HostLoss)
        {
            return;
        }

        if (!world.Happened.HasFlag(Happened.SourceHostLost))
        {
            QemuPair pair = Qemu.ProcessDied(Pairs[world.Pair], Side.Source);
            found(
                world with { Source = Sources.Of(Stopped(source)), Pair = Pairs.Of(pair), Happened = world.Happened | Happened.SourceHostLost | Happened.SourceQemuDied },
                "source host is lost", isFault: true);
        }

        if (!world.Happened.HasFlag(Happened.DestinationHostLost))
        {
            QemuPair pair = Qemu.ProcessDied(Pairs[world.Pair], Side.Destination);
            found(
                world with { Destination = Destinations.Of(Stopped(destination)), Pair = Pairs.Of(pair), Happened = world.Happened | Happened.DestinationHostLost | Happened.DestinationQemuDied },
                "destination host is lost", isFault: true);
        }
    }

    private World Remembering(World world, Happened kind) => _options.RemembersFaults ? world with { Happened = world.Happened | kind } : world;

    private static Happened KindOf(QemuStepKind fault) => fault switch
    {
        QemuStepKind.ConnectionRefused => Happened.ConnectionFailed,
        QemuStepKind.DeviceStateSent => Happened.SentIntoBuffer,
        QemuStepKind.LockReleased => Happened.LockReleasedStalled,
        QemuStepKind.StaysWithoutImages => Happened.StayedWithoutImages,
        QemuStepKind.LoadsWithBrokenRing or QemuStepKind.LoadsWithOtherIndex => Happened.LoadedOtherRings,
        QemuStepKind.LoadFails => Happened.LoadFailed,
        QemuStepKind.StreamBreaks => Happened.StreamBroke,
        QemuStepKind.StreamStalls => Happened.StreamStalled,
        QemuStepKind.TailLost => Happened.TailLost,
        QemuStepKind.AcknowledgementLost => Happened.AcknowledgementLost,
        _ => throw new InvalidOperationException($"{fault} is no fault that this search knows"),
    };

    private SourceAgent Stopped(SourceAgent agent) => agent with { Alive = false, Handoff = _rules.Restart(agent.Handoff) };

    private DestinationAgent Stopped(DestinationAgent agent) => agent with { Alive = false, Handoff = _rules.Restart(agent.Handoff) };
}
