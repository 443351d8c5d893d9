using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>The journal says that the guest is on host-a and knows of no migration; the hosts know that it moved to host-b in attempt 3.</summary>
public sealed class RestoredJournalTests
{
    private static readonly HostName s_a = new("host-a");
    private static readonly HostName s_b = new("host-b");
    private static readonly LaunchId s_old = new(Guid.NewGuid());
    private static readonly LaunchId s_new = new(Guid.NewGuid());
    private static readonly IncarnationId s_incarnation = new(Guid.NewGuid());

    private static VmEntity Restored() => new VmEvent[]
    {
        new VmEvent.IncarnationStarted(s_incarnation, new Epoch(9)),
        new VmEvent.VmStartOrdered(new RequestId("start"), s_a, s_old, "name: vm"),
        new VmEvent.VmResident(s_a, s_old),
    }.Aggregate(new VmEntity(VmState.Initial), VmTransitions.Apply);

    /// <summary>It handed the guest over, and its QEMU was ended.</summary>
    private static HostReport FormerSource => Report(s_a, SourceStage.Gone, source: 3, destination: 0, new QemuView(s_old, Alive: false, RunState.Unknown, MigrationStatus.Unknown));

    private static HostReport Home => Report(s_b, SourceStage.Home, source: 0, destination: 3, new QemuView(s_new, Alive: true, RunState.Running, MigrationStatus.None));

    [Fact]
    public void GuestThatMovedSinceTheBackup_IsNotTakenForGoneAndNotStartedAgain()
    {
        VmEntity entity = Restored().With(FormerSource);

        Assert.Null(VmProgress.Next(entity));
        VmReply start = VmDecisions.Decide(entity, new VmCommand.StartVm(new RequestId("again"), s_a, HostIsKnown: true, new LaunchId(Guid.NewGuid()), "name: vm")).Reply;
        Assert.Equal(VmReplyKind.FailedPrecondition, start.Kind);
        Assert.Contains("restored from a backup", start.Message, StringComparison.Ordinal);
        VmReply move = VmDecisions.Decide(entity, new VmCommand.Migrate(new RequestId("m"), Guid.NewGuid(), s_b, DestinationIsKnown: true, MigrationPolicy.Default)).Reply;
        Assert.Equal(VmReplyKind.FailedPrecondition, move.Kind);
    }

    [Fact]
    public void HostThatHasTheGuest_IsAskedUnderTheOwnFenceAndThenBelieved()
    {
        // Its first word comes under another incarnation's floor, and a claim forgets it; that it must be asked is not forgotten.
        VmEntity entity = Restored().With(Home with { Floor = new CommandFloor(new Epoch(12), new IncarnationId(Guid.NewGuid())) });
        entity = VmTransitions.Apply(entity, new VmEvent.IncarnationStarted(s_incarnation, new Epoch(13)));
        Assert.Contains(new VmEffect.Fence(s_b), VmEffects.Of(entity));
        Assert.Null(VmProgress.Next(entity));

        entity = entity.With(Fenced(FormerSource, 13)).With(Fenced(Home, 13));

        VmEvent.ResidenceCorrected corrected = Assert.IsType<VmEvent.ResidenceCorrected>(VmProgress.Next(entity));
        Assert.Equal(new VmEvent.ResidenceCorrected(s_b, s_new, new AttemptNo(3)), corrected);
        entity = VmTransitions.Apply(entity, corrected);
        Assert.Equal((ResidenceKind.Resident, s_b, s_new, new AttemptNo(3)), (entity.State.Residence.Kind, entity.State.Residence.Host, entity.State.Residence.Launch, entity.State.LastAttempt));
        Assert.Null(VmProgress.Next(entity));
        Assert.Empty(entity.Ahead);
    }

    /// <summary>It moved, and was stopped: no host has it any more, and without a conclusion the VM could never be started, stopped or migrated again.</summary>
    [Fact]
    public void GuestThatEndedSinceTheBackup_IsGoneOnceEveryHostHasSpoken()
    {
        HostReport ended = Home with
        {
            Source = Home.Source with { Stage = SourceStage.Gone },
            Destination = Home.Destination with { Stage = DestinationStage.Running, Launch = s_new },
            Guest = QemuView.Gone(s_new),
        };
        Assert.Null(VmProgress.Next(Restored().With(ended)));
        Assert.Null(VmProgress.Next(Restored().With(FormerSource).With(ended with { Guest = Home.Guest })));
        Assert.Null(VmProgress.Next(Restored().With(FormerSource).With(ended with { Destination = ended.Destination with { Stage = DestinationStage.Granted } })));

        VmEntity entity = Restored().With(FormerSource).With(ended);
        VmEvent corrected = VmProgress.Next(entity)!;
        Assert.Equal(new VmEvent.ResidenceCorrected(s_b, s_new, new AttemptNo(3)), corrected);
        entity = VmTransitions.Apply(entity, corrected);
        VmEvent gone = VmProgress.Next(entity)!;
        Assert.IsType<VmEvent.VmGone>(gone);
        entity = VmTransitions.Apply(entity, gone);

        Assert.Equal((ResidenceKind.Absent, new AttemptNo(3)), (entity.State.Residence.Kind, entity.State.LastAttempt));
        Assert.Equal(VmReplyKind.Accepted, VmDecisions.Decide(entity, new VmCommand.StartVm(new RequestId("new"), s_a, HostIsKnown: true, new LaunchId(Guid.NewGuid()), "name: vm")).Reply.Kind);
    }

    [Fact]
    public void CopyThatIsNotAtHome_IsNotBelieved()
    {
        VmEntity entity = Restored().With(FormerSource).With(Home with { Source = Home.Source with { Stage = SourceStage.NotObserved } });

        Assert.Null(VmProgress.Next(entity));
    }

    [Fact]
    public void VmThatTheJournalNeverHeardOf_IsNotStartedWhereAHostHasIt()
    {
        VmEntity entity = new VmEntity(VmState.Initial).With(Home with { Destination = Home.Destination with { Attempt = AttemptNo.None } });

        VmReply start = VmDecisions.Decide(entity, new VmCommand.StartVm(new RequestId("s"), s_a, HostIsKnown: true, s_old, "name: vm")).Reply;

        Assert.Equal(VmReplyKind.FailedPrecondition, start.Kind);
        Assert.Contains("is on host-b, of which this journal knows nothing", start.Message, StringComparison.Ordinal);
    }

    private static HostReport Fenced(HostReport report, long epoch) => report with { Floor = new CommandFloor(new Epoch(epoch), s_incarnation) };

    private static HostReport Report(HostName host, SourceStage stage, int source, int destination, QemuView guest) => new(
        host,
        new CommandFloor(new Epoch(9), s_incarnation),
        new StoreInstanceId(Guid.NewGuid()),
        new SourceReport(stage, new AttemptNo(source), AttemptNo.None, AttemptNo.None, new AttemptNo(source), RegisterAnswer.Undecided),
        new DestinationReport(DestinationStage.NotPrepared, new AttemptNo(destination), LaunchId.None, AttemptNo.None, new AttemptNo(destination)),
        guest);
}
