using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>A VM on host-a that migrates to host-b, at each step of its way, and what the two hosts report under the fence of its coordinator.</summary>
internal static class Course
{
    internal static readonly HostName SourceHost = new("host-a");
    internal static readonly HostName DestinationHost = new("host-b");
    internal static readonly LaunchId Launch = new(Guid.NewGuid());
    internal static readonly LaunchId Incoming = new(Guid.NewGuid());
    internal static readonly IncarnationId Incarnation = new(Guid.NewGuid());
    internal static readonly StoreInstanceId Store = new(Guid.NewGuid());
    internal static readonly AttemptNo Attempt = new(1);
    internal static readonly SignedWord Ann = new("ann", "the rack has no power");

    internal static VmEntity Resident() => Apply(
        new VmEntity(VmState.Initial),
        new VmEvent.IncarnationStarted(Incarnation, new Epoch(1)),
        new VmEvent.VmStartOrdered(new RequestId("start"), SourceHost, Launch, "name: vm"),
        new VmEvent.VmResident(SourceHost, Launch));

    internal static VmEntity Requested(MigrationPolicy? policy = null) => Apply(
        Resident(), new VmEvent.MigrationRequested(new RequestId("move"), Guid.NewGuid(), SourceHost, Launch, DestinationHost, policy ?? MigrationPolicy.Default));

    internal static VmEntity Opened(MigrationPolicy? policy = null)
    {
        VmEntity requested = Requested(policy);
        return Apply(requested, new VmEvent.MigrationScheduled(requested.State.Migration!.Id), new VmEvent.AttemptOpened(Attempt, Incoming));
    }

    internal static VmEntity Prepared(MigrationPolicy? policy = null) => Apply(Opened(policy), new VmEvent.DestinationPrepared(Attempt, Store));

    internal static VmEntity Iterating(MigrationPolicy? policy = null) => Apply(
        Prepared(policy), new VmEvent.RehearsalCompleted(Attempt, default), new VmEvent.SwitchoverAuthorized(Attempt, Store));

    internal static VmEntity InDoubt() => Apply(Iterating(), new VmEvent.DoubtRaised(Attempt, "silence"));

    internal static VmEntity Apply(VmEntity entity, params IEnumerable<VmEvent> happened) => happened.Aggregate(entity, VmTransitions.Apply);

    /// <summary>Until nothing follows from the journal and the reports any more.</summary>
    internal static VmEntity Follow(VmEntity entity)
    {
        while (VmProgress.Next(entity) is { } next)
        {
            entity = VmTransitions.Apply(entity, next);
        }

        return entity;
    }

    /// <summary>A command that must be accepted.</summary>
    internal static VmEntity Said(VmEntity entity, VmCommand command)
    {
        Decision<VmReply, VmEvent> decision = VmDecisions.Decide(entity, command);
        Assert.True(decision.Reply.Kind == VmReplyKind.Accepted, decision.Reply.Message);
        return Apply(entity, decision.Events);
    }

    internal static VmEntity ProvenOff(VmEntity entity, HostName host) => Said(entity, new VmCommand.ProveHostOff(new RequestId($"off-{host}"), Attempt, host, Connected: false, Ann));

    internal static HostReport Source(SourceStage stage, int started = 1, int tombstone = 0) => Report(
        SourceHost,
        new SourceReport(
            stage, new AttemptNo(started), new AttemptNo(tombstone), Refused: AttemptNo.None, Completed: stage == SourceStage.HandedOver ? new AttemptNo(started) : AttemptNo.None, RegisterAnswer.Undecided),
        new DestinationReport(DestinationStage.NotPrepared, AttemptNo.None, LaunchId.None, AttemptNo.None, AttemptNo.None));

    internal static HostReport Destination(DestinationStage stage) => Report(
        DestinationHost,
        new SourceReport(SourceStage.NotObserved, AttemptNo.None, AttemptNo.None, AttemptNo.None, AttemptNo.None, RegisterAnswer.Undecided),
        new DestinationReport(
            stage, Attempt, Incoming, stage == DestinationStage.Refused ? Attempt : AttemptNo.None, stage is DestinationStage.Running or DestinationStage.LostAfterRun ? Attempt : AttemptNo.None));

    private static HostReport Report(HostName host, SourceReport source, DestinationReport destination) =>
        new(host, new CommandFloor(new Epoch(1), Incarnation), Store, source, destination, Guest: null);
}
