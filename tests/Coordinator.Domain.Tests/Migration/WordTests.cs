using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>A person's words reach the doubt they are about, once, and none is left hanging when the host that was to carry it out is gone.</summary>
public sealed class WordTests
{
    private static readonly HostName s_source = new("host-a");
    private static readonly HostName s_destination = new("host-b");
    private static readonly LaunchId s_launch = new(Guid.NewGuid());
    private static readonly LaunchId s_incoming = new(Guid.NewGuid());
    private static readonly IncarnationId s_incarnation = new(Guid.NewGuid());
    private static readonly StoreInstanceId s_store = new(Guid.NewGuid());
    private static readonly AttemptNo s_attempt = new(1);
    private static readonly SignedWord s_ann = new("ann", "the rack has no power");

    [Fact]
    public void WordAboutAnotherAttempt_IsRefusedAndNamesTheOneInDoubt()
    {
        VmCommand resolve = new VmCommand.Resolve(new RequestId("w"), new AttemptNo(3), Keep);
        VmCommand off = new VmCommand.ProveHostOff(new RequestId("o"), new AttemptNo(3), s_destination, Connected: false, s_ann);

        foreach (VmCommand said in (VmCommand[])[resolve, off])
        {
            Decision<VmReply, VmEvent> decision = VmDecisions.Decide(HandedOver(), said);
            Assert.Empty(decision.Events);
            Assert.Equal(VmReplyKind.FailedPrecondition, decision.Reply.Kind);
            Assert.Contains("about attempt 3, and migration", decision.Reply.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>A client repeats what was not answered in time: neither may switch a mended host off a second time, nor record a word again that has failed meanwhile.</summary>
    [Fact]
    public void RepeatedRequest_IsRecordedOnce()
    {
        VmEntity entity = Said(HandedOver(), new VmCommand.ProveHostOff(new RequestId("o"), s_attempt, s_destination, Connected: false, s_ann));
        VmCommand keep = new VmCommand.Resolve(new RequestId("w"), s_attempt, Keep);
        entity = Said(entity, keep);
        entity = VmTransitions.Apply(entity, new VmEvent.ResolutionFailed(s_attempt, "no longer possible"));

        Decision<VmReply, VmEvent> again = VmDecisions.Decide(entity, keep);

        Assert.Equal((VmReplyKind.Accepted, "this was recorded before"), (again.Reply.Kind, again.Reply.Message));
        Assert.Empty(again.Events);
        Assert.IsType<VmEvent.DoubtResolved>(Assert.Single(VmDecisions.Decide(entity, new VmCommand.Resolve(new RequestId("another"), s_attempt, Keep)).Events));
    }

    /// <summary>The destination's host is proven off and comes back with its old record that the guest ran: while the source is being kept, the source's answer decides.</summary>
    [Fact]
    public void KeptSource_IsNotForgottenForADestinationThatComesBack()
    {
        VmEntity entity = Kept();
        HostReport back = Destination(DestinationStage.Running);

        Assert.Null(VmProgress.Next(entity.With(back)));
        Assert.IsType<VmEvent.AttemptEnded>(VmProgress.Next(entity.With(back).With(Source(SourceStage.Home))));

        VmEntity refused = VmDecisions.Decide(entity.With(back), new VmCommand.RefuseResolution(s_attempt, "the register has answered that the guest runs at the destination"))
            .Events.Aggregate(entity.With(back), VmTransitions.Apply);
        Assert.IsType<VmEvent.GuestRunsAtDestination>(VmProgress.Next(refused));
    }

    [Fact]
    public void WordWhoseHostIsGone_FailsAndAnotherMayBeSaid()
    {
        VmEntity entity = Said(Kept(), new VmCommand.ProveHostOff(new RequestId("o2"), s_attempt, s_source, Connected: false, s_ann));

        VmEvent.ResolutionFailed failed = Assert.IsType<VmEvent.ResolutionFailed>(VmProgress.Next(entity));
        entity = VmTransitions.Apply(entity, failed);

        Assert.Contains("host-a is off before it could carry the word out", entity.State.Migration!.Reason, StringComparison.Ordinal);
        Assert.IsType<VmEvent.DoubtResolved>(Assert.Single(VmDecisions.Decide(
            entity, new VmCommand.Resolve(new RequestId("lost"), s_attempt, new DoubtResolution(DoubtChoice.Lost, s_ann, [], Record: null))).Events));
    }

    [Fact]
    public void Doubt_IsAlertedUntilTheWordIsCarriedOut() => Assert.Contains(new VmEffect.RaiseAlert(s_attempt), VmEffects.Of(Kept()));

    private static DoubtResolution Keep => new(DoubtChoice.KeepSource, s_ann, ["none"], Record: null);

    private static VmEntity Kept() => Said(
        Said(HandedOver(), new VmCommand.ProveHostOff(new RequestId("o"), s_attempt, s_destination, Connected: false, s_ann)), new VmCommand.Resolve(new RequestId("w"), s_attempt, Keep));

    private static VmEntity Said(VmEntity entity, VmCommand command)
    {
        Decision<VmReply, VmEvent> decision = VmDecisions.Decide(entity, command);
        Assert.True(decision.Reply.Kind == VmReplyKind.Accepted, decision.Reply.Message);
        return decision.Events.Aggregate(entity, VmTransitions.Apply);
    }

    private static VmEntity HandedOver()
    {
        Guid id = Guid.NewGuid();
        return new VmEvent[]
        {
            new VmEvent.IncarnationStarted(s_incarnation, new Epoch(1)),
            new VmEvent.VmStartOrdered(new RequestId("start"), s_source, s_launch, "name: vm"),
            new VmEvent.VmResident(s_source, s_launch),
            new VmEvent.MigrationRequested(new RequestId("move"), id, s_source, s_launch, s_destination, MigrationPolicy.Default),
            new VmEvent.MigrationScheduled(id),
            new VmEvent.AttemptOpened(s_attempt, s_incoming),
            new VmEvent.DestinationPrepared(s_attempt, s_store),
            new VmEvent.RehearsalCompleted(s_attempt, default),
            new VmEvent.SwitchoverAuthorized(s_attempt, s_store),
            new VmEvent.DoubtRaised(s_attempt, "silence"),
        }.Aggregate(new VmEntity(VmState.Initial), VmTransitions.Apply).With(Source(SourceStage.HandedOver));
    }

    private static HostReport Source(SourceStage stage) => Report(
        s_source,
        new SourceReport(stage, s_attempt, AttemptNo.None, AttemptNo.None, s_attempt, RegisterAnswer.Undecided),
        new DestinationReport(DestinationStage.NotPrepared, AttemptNo.None, LaunchId.None, AttemptNo.None, AttemptNo.None));

    private static HostReport Destination(DestinationStage stage) => Report(
        s_destination,
        new SourceReport(SourceStage.NotObserved, AttemptNo.None, AttemptNo.None, AttemptNo.None, AttemptNo.None, RegisterAnswer.Undecided),
        new DestinationReport(stage, s_attempt, s_incoming, AttemptNo.None, s_attempt));

    private static HostReport Report(HostName host, SourceReport source, DestinationReport destination) =>
        new(host, new CommandFloor(new Epoch(1), s_incarnation), s_store, source, destination, Guest: null);
}
