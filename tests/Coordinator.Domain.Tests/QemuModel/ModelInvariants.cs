using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.QemuModel;

public static class ModelInvariants
{
    private static readonly (string Name, Func<QemuPair, bool> Holds)[] OfStates =
    [
        ("a source in pre-switchover or device is in finish-migrate",
            pair => pair.Source.Status is not (MigrationStatus.PreSwitchover or MigrationStatus.Device) || pair.Source.Run == RunState.FinishMigrate),
        ("a source that sends or awaits the destination's word does not run",
            pair => pair.Source.Phase is not (SourcePhase.Sending or SourcePhase.Finishing) || pair.Source.Run == RunState.FinishMigrate),
        ("finish-migrate has a reason",
            pair => pair.Source.Run != RunState.FinishMigrate || pair.Source.Phase != SourcePhase.Idle || pair.Source.Status == MigrationStatus.PreSwitchover),
        ("a destination that has not completed is in inmigrate",
            pair => !pair.Destination.Alive || (pair.Destination.Status != MigrationStatus.Completed) == pair.Destination.Incoming),
        ("autostart is of a destination before its load", pair => !pair.Source.Autostart && (!pair.Destination.Autostart || pair.Destination.Incoming)),
        ("only a source has a phase, a queue or outgoing words",
            pair => pair.Destination is { Phase: SourcePhase.Idle, Queued: QemuCommandKind.None,
                Status: not (MigrationStatus.Device or MigrationStatus.Cancelled) }),
        ("a dead process has nothing but its end",
            pair => (pair.Source.Alive || pair.Source == new QemuProcess { Life = pair.Source.Life })
                && (pair.Destination.Alive || pair.Destination == new QemuProcess { Life = pair.Destination.Life })),
        ("a blocked monitor shows nothing, but yank is answered",
            pair => !pair.Source.MonitorBlocked
                || (Qemu.Observe(pair, Side.Source) is null && Qemu.Execute(pair, Side.Source, QemuCommand.Yank).Reply == QemuReply.Ok)),
        ("the monitor stays blocked only while the network stands still",
            pair => !pair.Source.MonitorBlocked || pair.Stream.Stalled || Qemu.Steps(pair)
                .Any(step => step is { Side: Side.Source, Nature: StepNature.Progress })),
        ("where nothing goes on by itself, nothing hangs except for a stall, a pause or a destination without a stream", RestsWell),
    ];

    private static readonly (string Name, Func<Move, bool> Holds)[] OfMoves =
    [
        ("a step changes something", move => move.Step is null || move.From != move.To),
        ("a destination starts to run by cont, or by autostart at the load of a guest that ran",
            move => move.From.Destination.GuestRuns || !move.To.Destination.GuestRuns
                || move is { Command: QemuCommandKind.Cont, From.Destination.Incoming: false }
                || (IsLoad(move.Step) && move.From is { Destination.Autostart: true, Stream.Guest: GuestBefore.Running })),
        ("autostart comes by launch or cont", move => move.From.Destination.Autostart || !move.To.Destination.Autostart
            || move.Command == QemuCommandKind.Cont || (!move.From.Destination.Alive && move.Step is null)),
        ("a source starts to run by cont, early or late, or when QEMU settles a failure or cancel of a guest that ran",
            move => move.From.Source.GuestRuns || !move.To.Source.GuestRuns || move.Command == QemuCommandKind.Cont
                || move is { Step: QemuStepKind.QueuedCommandRuns, From.Source.Queued: QemuCommandKind.Cont }
                || (move is { Step: QemuStepKind.Settles, From.Stream.Guest: GuestBefore.Running } && move.From.Source.Status != MigrationStatus.Completed)),
        ("with return-path the source completes only on the word of a destination that had loaded",
            move => move.Step != QemuStepKind.Completes || move.From.Stream.Acknowledgement is Acknowledgement.Loaded or Acknowledgement.NotAsked),
        ("the word that it has loaded is given only by a loaded destination",
            move => move.From.Stream.Acknowledgement == Acknowledgement.Loaded || move.To.Stream.Acknowledgement != Acknowledgement.Loaded
                || move.From.Destination is { Alive: true, Status: MigrationStatus.Completed }),
        ("completed is final until the next migrate",
            move => move.From.Source.Status != MigrationStatus.Completed || !move.To.Source.Alive
                || move.To.Source.Status is MigrationStatus.Completed or MigrationStatus.Setup),
        ("a destination loads only what was sent whole", move => !IsLoad(move.Step) || move.From.Stream is { Sent: SentPart.Everything, Stalled: false }),
        ("the dead stay dead, except for a new destination",
            move => (move.From.Source.Alive || !move.To.Source.Alive)
                && (move.From.Destination.Alive || !move.To.Destination.Alive || (move.Step is null && move.Command == QemuCommandKind.None))),
    ];

    public static void Check(QemuPair pair)
    {
        foreach ((string name, Func<QemuPair, bool> holds) in OfStates)
        {
            if (!holds(pair))
            {
                Assert.Fail($"not: {name}: {pair}");
            }
        }
    }

    public static void Check(Move move)
    {
        foreach ((string name, Func<Move, bool> holds) in OfMoves)
        {
            if (!holds(move))
            {
                Assert.Fail($"not: {name}: {move}");
            }
        }
    }

    private static bool IsLoad(QemuStepKind? step) => step is QemuStepKind.Loads or QemuStepKind.LoadsWithBrokenRing or QemuStepKind.LoadsWithOtherIndex;

    private static bool RestsWell(QemuPair pair)
    {
        if (pair.Stream.Stalled || Qemu.Steps(pair).Any(step => step.Nature == StepNature.Progress))
        {
            return true;
        }

        bool pauses = pair.Source.Status == MigrationStatus.PreSwitchover;
        bool sourceRests = pair.Source.Phase is SourcePhase.Idle or SourcePhase.WithoutImages && (pauses || !pair.Source.Status.IsInProgress());
        return sourceRests && (pauses || pair.Destination.Status != MigrationStatus.Active);
    }
}
