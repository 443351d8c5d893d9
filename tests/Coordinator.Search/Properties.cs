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

        bool sourceKept = migration.Phase is MigrationPhase.Cancelled or MigrationPhase.Failed or MigrationPhase.RollingBack;
        if (sourceKept && pair.Destination.GuestRuns)
        {
            return $"the guest runs at the destination after {migration.Phase} was recorded";
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
        bool sourceSettled = journal.Owed.All(o => o is not Owed.EndSource) || happened.HasFlag(Happened.SourceHostLost);
        bool destinationSettled = journal.Owed.All(o => o is not Owed.CleanUp) || happened.HasFlag(Happened.DestinationHostLost);
        return journal.Migration!.Phase switch
        {
            MigrationPhase.Succeeded => (guestRunsAtDestination || destinationDied) && !guestRunsAtSource && sourceSettled,
            MigrationPhase.Cancelled or MigrationPhase.Failed => (guestRunsAtSource || sourceDied) && destinationSettled && (!pair.Destination.Alive || happened.HasFlag(Happened.DestinationHostLost)),
            MigrationPhase.Lost => sourceDied && !guestRunsAtDestination,
            MigrationPhase.InDoubt => sourceDied || destinationDied || happened.HasFlag(Happened.StateWiped) || happened.HasFlag(Happened.SourceHostLost) || happened.HasFlag(Happened.DestinationHostLost),
            _ => false,
        };
    }
}
