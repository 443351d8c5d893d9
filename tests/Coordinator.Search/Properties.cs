using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Search;

/// <summary>The invariants, read off one state, and what counts as a good end.</summary>
public sealed class Properties(Moves moves, SearchOptions options)
{
    /// <summary>Null, or which invariant the state breaks.</summary>
    public string? Violation(World world)
    {
        QemuPair pair = moves.Pairs[world.Pair];
        DestinationHandoff destination = moves.Destinations[world.Destination].Handoff;
        MigrationState migration = moves.Journals[world.Journal].Migration!;
        if (pair.Source.GuestRuns && pair.Destination.GuestRuns)
        {
            return "two copies run";
        }

        if (pair.Destination.GuestRuns && destination.Records.Runs.IsEmpty && !world.Happened.HasFlag(Happened.StateWiped))
        {
            return "the destination runs without register run";
        }

        bool hasGuest = pair.Destination.Alive && (pair.Destination.GuestRuns || destination.Records.Register == RegisterValue.Run);
        if (hasGuest && pair.Destination.Rings != LoadedRings.Equal && migration.Resolution?.Choice != DoubtChoice.RunDestination)
        {
            return "the destination has the guest with other rings";
        }

        bool sourceKept = migration.Phase is MigrationPhase.Cancelled or MigrationPhase.Failed or MigrationPhase.RollingBack;
        if (sourceKept && pair.Destination.GuestRuns)
        {
            return $"the guest runs at the destination after {migration.Phase} was recorded";
        }

        bool copying = pair.Source.Alive && pair.Source.Status is MigrationStatus.Setup or MigrationStatus.Active or MigrationStatus.PreSwitchover or MigrationStatus.Device;
        if (sourceKept && copying)
        {
            return $"a migration goes on after {migration.Phase} was recorded";
        }

        bool movedOn = migration.Phase is MigrationPhase.Succeeded or MigrationPhase.Finishing or MigrationPhase.Verifying;
        if (movedOn && pair.Source.GuestRuns)
        {
            return $"the guest runs at the source after {migration.Phase} was recorded";
        }

        return migration.Phase == MigrationPhase.Lost && (pair.Source.GuestRuns || pair.Destination.GuestRuns) ? "the guest runs although it was recorded as lost" : null;
    }

    /// <summary>
    /// Terminal and true, with exactly one copy unless it was killed, every debt to a living host settled; or in doubt for a reason that somebody can name.
    /// </summary>
    public bool IsGoodEnd(World world)
    {
        QemuPair pair = moves.Pairs[world.Pair];
        VmState journal = moves.Journals[world.Journal];
        Happened happened = world.Happened;
        bool sourceDied = happened.HasFlag(Happened.SourceQemuDied);
        bool destinationDied = happened.HasFlag(Happened.DestinationQemuDied);
        bool guestRunsAtSource = options.Guest == GuestBefore.Running ? pair.Source.GuestRuns : pair.Source is { Alive: true };
        bool guestRunsAtDestination = options.Guest == GuestBefore.Running ? pair.Destination.GuestRuns : pair.Destination is { Alive: true, Incoming: false };
        bool sourceSettled = journal.Owed.All(o => o is Owed.CleanUp || o.Host != journal.Migration!.Source) || happened.HasFlag(Happened.SourceHostLost);
        bool destinationSettled = journal.Owed.All(o => o is Owed.EndSource || o.Host != journal.Migration!.Destination) || happened.HasFlag(Happened.DestinationHostLost);
        return journal.Migration!.Phase switch
        {
            MigrationPhase.Succeeded => (guestRunsAtDestination || destinationDied) && !guestRunsAtSource && sourceSettled,
            MigrationPhase.Cancelled or MigrationPhase.Failed => (guestRunsAtSource || sourceDied) && destinationSettled && (!pair.Destination.Alive || MayLeaveRemains(happened)),
            MigrationPhase.Lost => (sourceDied || journal.Migration.Resolution is not null) && !guestRunsAtSource && !guestRunsAtDestination,
            MigrationPhase.InDoubt => IsNamedDoubt(world),
            _ => false,
        };
    }

    /// <summary>A paused copy may be left behind where nobody remembers it: its host is off, or its agent has lost its state (ending that one is a person's job, named in the README).</summary>
    private static bool MayLeaveRemains(Happened happened) => (happened & (Happened.DestinationHostLost | Happened.StateWiped)) != Happened.None;

    /// <summary>
    /// Something was lost that holds the answer, and the guest runs on no side whose agent could say so: a doubt that a report would settle is none.
    /// </summary>
    private bool IsNamedDoubt(World world)
    {
        const Happened Losses = Happened.SourceQemuDied | Happened.DestinationQemuDied | Happened.StateWiped | Happened.SourceHostLost | Happened.DestinationHostLost;
        QemuPair pair = moves.Pairs[world.Pair];
        bool sourceCouldTell = pair.Source.GuestRuns && !world.Happened.HasFlag(Happened.SourceHostLost);
        bool destinationCouldTell = pair.Destination.GuestRuns && !world.Happened.HasFlag(Happened.DestinationHostLost) && !world.Happened.HasFlag(Happened.StateWiped);

        // The source's QEMU is dead and no stream has come to the destination: its agent abandons it, and the guest is lost without a doubt.
        bool waitsForNobody = (world.Happened & (Happened.StateWiped | Happened.SourceHostLost | Happened.DestinationHostLost)) == Happened.None && !pair.Source.Alive
            && pair.Destination.Alive && Qemu.Observe(pair, Side.Destination) is { Run: RunState.InMigrate, Status: MigrationStatus.None or MigrationStatus.Setup };
        return (world.Happened & Losses) != Happened.None && !sourceCouldTell && !destinationCouldTell && !waitsForNobody;
    }
}
