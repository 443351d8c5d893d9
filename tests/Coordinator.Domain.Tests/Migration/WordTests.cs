using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Xunit;
using static Coordinator.Domain.Tests.Migration.Course;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>A person's words reach the doubt they are about, once, and none is left hanging when the host that was to carry it out is gone.</summary>
public sealed class WordTests
{
    [Fact]
    public void WordAboutAnotherAttempt_IsRefusedAndNamesTheOneInDoubt()
    {
        VmCommand resolve = new VmCommand.Resolve(new RequestId("w"), new AttemptNo(3), Keep);
        VmCommand off = new VmCommand.ProveHostOff(new RequestId("o"), new AttemptNo(3), DestinationHost, Connected: false, Ann);

        foreach (VmCommand said in (VmCommand[])[resolve, off])
        {
            Decision<VmReply, VmEvent> decision = VmDecisions.Decide(HandedOver, said);
            Assert.Empty(decision.Events);
            Assert.Equal(VmReplyKind.FailedPrecondition, decision.Reply.Kind);
            Assert.Contains("about attempt 3, and migration", decision.Reply.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>A client repeats what was not answered in time: neither may switch a mended host off a second time, nor record a word again that has failed meanwhile.</summary>
    [Fact]
    public void RepeatedRequest_IsRecordedOnce()
    {
        VmEntity entity = Said(HandedOver, new VmCommand.ProveHostOff(new RequestId("o"), Attempt, DestinationHost, Connected: false, Ann));
        VmCommand keep = new VmCommand.Resolve(new RequestId("w"), Attempt, Keep);
        entity = Said(entity, keep);
        entity = VmTransitions.Apply(entity, new VmEvent.ResolutionFailed(Attempt, "no longer possible"));

        Decision<VmReply, VmEvent> again = VmDecisions.Decide(entity, keep);

        Assert.Equal((VmReplyKind.Accepted, "this was recorded before"), (again.Reply.Kind, again.Reply.Message));
        Assert.Empty(again.Events);
        Assert.IsType<VmEvent.DoubtResolved>(Assert.Single(VmDecisions.Decide(entity, new VmCommand.Resolve(new RequestId("another"), Attempt, Keep)).Events));
    }

    /// <summary>The destination's host is proven off and comes back with its old record that the guest ran: while the source is being kept, the source's answer decides.</summary>
    [Fact]
    public void KeptSource_IsNotForgottenForADestinationThatComesBack()
    {
        VmEntity entity = Kept();
        HostReport back = Destination(DestinationStage.Running);

        Assert.Null(VmProgress.Next(entity.With(back)));
        Assert.IsType<VmEvent.AttemptEnded>(VmProgress.Next(entity.With(back).With(Source(SourceStage.Home))));

        VmEntity refused = VmDecisions.Decide(entity.With(back), new VmCommand.RefuseResolution(Attempt, "the register has answered that the guest runs at the destination"))
            .Events.Aggregate(entity.With(back), VmTransitions.Apply);
        Assert.IsType<VmEvent.GuestRunsAtDestination>(VmProgress.Next(refused));
    }

    [Fact]
    public void WordWhoseHostIsGone_FailsAndAnotherMayBeSaid()
    {
        VmEntity entity = Said(Kept(), new VmCommand.ProveHostOff(new RequestId("o2"), Attempt, SourceHost, Connected: false, Ann));

        VmEvent.ResolutionFailed failed = Assert.IsType<VmEvent.ResolutionFailed>(VmProgress.Next(entity));
        entity = VmTransitions.Apply(entity, failed);

        Assert.Contains("host-a is off before it could carry the word out", entity.State.Migration!.Reason, StringComparison.Ordinal);
        Assert.IsType<VmEvent.DoubtResolved>(Assert.Single(VmDecisions.Decide(
            entity, new VmCommand.Resolve(new RequestId("lost"), Attempt, new DoubtResolution(DoubtChoice.Lost, Ann, [], Record: null))).Events));
    }

    [Fact]
    public void WordWithoutADoubt_IsRefusedAndSaysHowItStands()
    {
        VmEntity ended = Follow(Iterating().With(Source(SourceStage.Home)).With(Destination(DestinationStage.Refused)));
        VmCommand keep = new VmCommand.Resolve(new RequestId("w"), Attempt, Keep);

        Assert.EndsWith("has already ended: Failed", VmDecisions.Decide(ended, keep).Reply.Message, StringComparison.Ordinal);
        Assert.EndsWith("is Iterating and not in doubt: it goes on by itself, or is cancelled", VmDecisions.Decide(Iterating(), keep).Reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Doubt_IsAlertedUntilTheWordIsCarriedOut() => Assert.Contains(new VmEffect.RaiseAlert(Attempt), VmEffects.Of(Kept()));

    private static DoubtResolution Keep => new(DoubtChoice.KeepSource, Ann, ["none"], Record: null);

    private static VmEntity HandedOver => InDoubt().With(Source(SourceStage.HandedOver));

    private static VmEntity Kept() => Said(ProvenOff(HandedOver, DestinationHost), new VmCommand.Resolve(new RequestId("w"), Attempt, Keep));
}
