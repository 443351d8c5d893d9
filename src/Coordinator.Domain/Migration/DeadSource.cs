using Coordinator.Domain.Handoff;

namespace Coordinator.Domain.Migration;

/// <summary>What follows for an attempt whose source QEMU is proven dead: by its agent, or with its host, whose agent's records nobody can ask then.</summary>
internal static class DeadSource
{
    internal static bool IsDead(VmEntity entity, MigrationState m) =>
        entity.FencedReportOf(m.Source) is { } source ? source.IsSourceGone(m.Attempt, m.SourceLaunch) : m.IsProvenOff(m.Source);

    /// <summary>
    /// Nothing is recorded as completed and the destination has not loaded. Where it only listens, nobody will ever connect, and without this the migration would stay open until its
    /// longest deadline and then be a doubt (found by chaos on real processes: QEMU killed right before <c>migrate</c>).
    /// </summary>
    internal static bool LeavesDestinationWaiting(VmEntity entity, MigrationState m) =>
        IsDead(entity, m)
        && !(entity.FencedReportOf(m.Source) is { } source && source.Source.Completed >= m.Attempt)
        && entity.FencedReportOf(m.Destination) is { Destination.Stage: DestinationStage.Receiving } destination && destination.IsOf(m);

    internal static VmEvent? Next(VmEntity entity, MigrationState m, AttemptNo completed, HostReport? destination)
    {
        if (!destination.IsOf(m))
        {
            return null;
        }

        switch (destination!.Destination.Stage)
        {
            case DestinationStage.Refused:
                return new VmEvent.GuestLost(m.Attempt, VmEvidence.Describe(entity, m));
            case DestinationStage.Loaded when completed < m.Attempt:
            case DestinationStage.LostAfterRun:

            // A host that went off says no word on its connections: its stream ends for nobody.
            case DestinationStage.Receiving when m.IsProvenOff(m.Source):
                return VmEvidence.Doubt(entity, m);
            default:
                // Still receiving: its QEMU ends by itself, or is abandoned. Granted or about to be released from the record: it will run.
                return null;
        }
    }
}
