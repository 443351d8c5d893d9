using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Coordinator.Domain.Virtqueues;
using Xunit;
using static Coordinator.Domain.Tests.Migration.Course;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>What follows from reports of an attempt that was authorised, beyond what the exhaustive search walks through.</summary>
public sealed class VmProgressTests
{
    [Fact]
    public void RefusedGate_IsJournalledWithItsFindingsAndNamesTheReason()
    {
        VmEntity entity = Iterating()
            .With(Source(SourceStage.Home, started: 1))
            .With(Destination(DestinationStage.Refused) with { GateFindings = ["net0 rx1: used_idx differs"] });

        Assert.Equal(new VmEvent.GateRefused(Attempt, ["net0 rx1: used_idx differs"]), VmProgress.Next(entity));
        entity = Follow(entity);

        Assert.Equal(MigrationVerdict.Refused, entity.State.Migration!.Verdict);
        Assert.Equal("the parity gate refused: net0 rx1: used_idx differs", entity.State.Migration.Reason);
    }

    [Fact]
    public void RefusedGate_HeardAfterTheAttemptEnded_StillNamesTheReason()
    {
        VmEntity entity = Follow(Iterating().With(Source(SourceStage.Home, started: 1)));
        Assert.Equal(MigrationPhase.RollingBack, entity.State.Migration!.Phase);

        entity = Follow(entity.With(Destination(DestinationStage.Refused) with { GateFindings = ["net0: broken"] }));

        Assert.Equal(MigrationVerdict.Refused, entity.State.Migration!.Verdict);
        Assert.Equal("the parity gate refused: net0: broken", entity.State.Migration.Reason);
    }

    [Fact]
    public void RefusedMigration_EndsOnlyWhenItsQueuesWereJudged()
    {
        VmEntity entity = Follow(Iterating()
            .With(Source(SourceStage.Home, started: 1))
            .With(Destination(DestinationStage.Refused) with { GateFindings = ["net0: broken"] }));
        Assert.Equal(MigrationPhase.RollingBack, entity.State.Migration!.Phase);

        Decision<VmReply, VmEvent> judged = VmDecisions.Decide(entity, new VmCommand.NoteJudgements(Attempt, []));
        entity = Follow(judged.Events.Aggregate(entity, VmTransitions.Apply));

        Assert.Equal(MigrationPhase.Failed, entity.State.Migration!.Phase);
    }

    [Fact]
    public void RefusedMigration_WhoseQueuesNobodyJudges_EndsAtTheDeadline()
    {
        VmEntity entity = Follow(Iterating()
            .With(Source(SourceStage.Home, started: 1))
            .With(Destination(DestinationStage.Refused) with { GateFindings = ["net0: broken"] }));

        Decision<VmReply, VmEvent> late = VmDecisions.Decide(entity, new VmCommand.DeadlinePassed(MigrationPhase.RollingBack, Attempt));

        Assert.Equal(MigrationPhase.Failed, Assert.IsType<VmEvent.MigrationEnded>(Assert.Single(late.Events)).Phase);
    }

    [Fact]
    public void RefusedStart_TakesTheAttemptBackThroughATombstone()
    {
        VmEntity entity = Iterating().With(Source(SourceStage.Home, started: 0));
        Decision<VmReply, VmEvent> refused = VmDecisions.Decide(entity, new VmCommand.RefuseStart(Attempt, "no such guest"));
        entity = Follow(refused.Events.Aggregate(entity, VmTransitions.Apply));

        Assert.Contains(new VmEffect.CancelAttempt(SourceHost, Attempt), VmEffects.Of(entity));
        Assert.DoesNotContain(VmEffects.Of(entity), e => e is VmEffect.StartAttempt);
        entity = Follow(entity.With(Source(SourceStage.Home, started: 0, tombstone: 1)));

        Assert.Equal("host-a refused to start: no such guest", entity.State.Migration!.Reason);
        Assert.False(entity.State.Migration.Retries);
    }

    [Fact]
    public void RefusedStart_Twice_IsJournalledOnce()
    {
        VmEntity entity = Iterating();
        VmCommand refuse = new VmCommand.RefuseStart(Attempt, "no such guest");
        entity = VmDecisions.Decide(entity, refuse).Events.Aggregate(entity, VmTransitions.Apply);

        Assert.Empty(VmDecisions.Decide(entity, refuse).Events);
    }

    [Fact]
    public void SourceThatEndedBeforeTheStart_IsALostGuestOnceTheStartIsTombstoned()
    {
        VmEntity entity = Iterating().With(Destination(DestinationStage.Receiving));

        QemuView dead = QemuView.Gone(entity.State.Migration!.SourceLaunch);
        Assert.Null(VmProgress.Next(entity.With(Source(SourceStage.Gone, started: 0) with { Guest = dead })));
        Assert.IsType<VmEvent.GuestLost>(VmProgress.Next(entity.With(Source(SourceStage.Gone, started: 0, tombstone: 1) with { Guest = dead })));
    }

    /// <summary>Its source part speaks of the process that it handed over long ago: seed 2397 of the simulator recorded a living guest as lost.</summary>
    [Fact]
    public void GuestThatHasJustComeBack_IsNotLostByTheEndOfTheProcessThatItOnceLeftThere()
    {
        QemuView alive = new(new LaunchId(Guid.NewGuid()), Alive: true, RunState.Running, MigrationStatus.None);
        HostReport back = Source(SourceStage.Gone, started: 0, tombstone: 1);

        Assert.Null(VmProgress.Next(Iterating().With(Destination(DestinationStage.Receiving)).With(back with { Guest = alive })));
        Assert.Null(VmProgress.Next(Iterating().With(Destination(DestinationStage.Receiving)).With(back)));
        Assert.Null(VmProgress.Next(Prepared(MigrationPolicy.Default).With(back with { Guest = alive })));
        Assert.IsType<VmEvent.GuestLost>(VmProgress.Next(Prepared(MigrationPolicy.Default).With(back with { Guest = QemuView.Gone(Launch) })));
    }

    /// <summary>A host that only ever was the destination never observes a source: its debt must not wait for that.</summary>
    [Fact]
    public void GivenUpDestination_ThatNeverWasASource_SettlesItsDebt()
    {
        VmEntity given = new VmEvent[]
        {
            new VmEvent.DoubtRaised(Attempt, "silence"),
            new VmEvent.DoubtResolved(new RequestId("word"), Attempt, new DoubtResolution(DoubtChoice.Lost, new SignedWord("ann", "looked"), [], Record: null)),
            new VmEvent.GuestLost(Attempt, "given up"),
        }.Aggregate(Iterating(), VmTransitions.Apply);

        Assert.Equal(new VmEvent.DebtSettled(DestinationHost, Attempt), VmProgress.Next(given.With(Destination(DestinationStage.Refused))));
    }

    [Fact]
    public void SourceThatEndedAfterTheStart_IsNotCalledLostByItsTombstone() =>
        Assert.Null(VmProgress.Next(Iterating()
            .With(Destination(DestinationStage.Receiving))
            .With(Source(SourceStage.Gone, started: 1, tombstone: 1))));

    /// <summary>Killed right before <c>migrate</c>: nobody ever connects to the destination, and the migration stayed open until its deadline of an hour (chaos on real processes).</summary>
    [Fact]
    public void DeadSource_HasADestinationThatWaitsInVainAbandoned()
    {
        VmEntity entity = Iterating().With(Destination(DestinationStage.Receiving));
        Assert.DoesNotContain(VmEffects.Of(entity.With(Source(SourceStage.Copying, started: 1))), e => e is VmEffect.AbandonDestination);

        VmEntity dead = entity.With(Source(SourceStage.Gone, started: 1));
        Assert.Contains(new VmEffect.AbandonDestination(DestinationHost, Attempt), VmEffects.Of(dead));
        Assert.IsType<VmEvent.GuestLost>(VmProgress.Next(dead.With(Destination(DestinationStage.Refused))));

        Assert.DoesNotContain(VmEffects.Of(dead.With(Destination(DestinationStage.Loaded))), e => e is VmEffect.AbandonDestination);
        HostReport completed = Source(SourceStage.Gone, started: 1);
        completed = completed with { Source = completed.Source with { Completed = Attempt } };
        Assert.DoesNotContain(VmEffects.Of(entity.With(completed)), e => e is VmEffect.AbandonDestination);
    }

    /// <summary>A stream that stands still on a broken link ends for nobody in a long time; the source cannot take the guest back, so there is nothing to wait an hour for.</summary>
    [Fact]
    public void DeadSource_WhoseStreamDoesNotEnd_IsADoubtSoon()
    {
        VmEntity entity = Iterating().With(Destination(DestinationStage.Receiving));
        VmEffect.ArmDeadline Deadline(VmEntity of) => VmEffects.Of(of).OfType<VmEffect.ArmDeadline>().Single();
        Assert.Equal(entity.State.Migration!.Policy.IterateDeadlineMs, Deadline(entity.With(Source(SourceStage.Copying, started: 1))).DurationMs);

        VmEntity dead = entity.With(Source(SourceStage.Gone, started: 1));

        Assert.Equal((2 * entity.State.Migration!.Policy.SwitchoverDeadlineMs) + 5_000, Deadline(dead).DurationMs);
        Assert.IsType<VmEvent.DoubtRaised>(Assert.Single(VmDecisions.Decide(dead, new VmCommand.DeadlinePassed(MigrationPhase.Iterating, Attempt)).Events));
    }

    [Theory]
    [InlineData(OverBudgetAction.Warn, false)]
    [InlineData(OverBudgetAction.Refuse, true)]
    public void RehearsalOverItsBudget_IsRefusedOnlyByPolicy(OverBudgetAction action, bool refused)
    {
        VmEntity entity = Prepared(new MigrationPolicy { RehearsalBudgetMs = 1, OnRehearsalOverBudget = action });

        Decision<VmReply, VmEvent> decision = VmDecisions.Decide(entity, new VmCommand.NoteRehearsal(Attempt, new Rehearsal(900, 101, 0, 0)));

        Assert.IsType<VmEvent.RehearsalCompleted>(decision.Events[0]);
        Assert.Equal(refused, decision.Events.OfType<VmEvent.AttemptEnded>()
            .Any(e => e.Reason.Contains("took 1.0 ms and its budget is 1 ms", StringComparison.Ordinal)));
    }

    [Fact]
    public void RehearsalWithinItsBudget_IsNeverRefused()
    {
        VmEntity entity = Prepared(new MigrationPolicy { RehearsalBudgetMs = 1, OnRehearsalOverBudget = OverBudgetAction.Refuse });

        Assert.Single(VmDecisions.Decide(entity, new VmCommand.NoteRehearsal(Attempt, new Rehearsal(900, 100, 0, 0))).Events);
    }

    [Fact]
    public void DestinationThatWasRefusedInThePreparation_AddsNothingToTheReason()
    {
        VmEntity entity = Prepared(MigrationPolicy.Default);
        entity = VmDecisions.Decide(entity, new VmCommand.RefusePreparation(Attempt, "net0: another device")).Events.Aggregate(entity, VmTransitions.Apply);

        entity = Follow(entity.With(Destination(DestinationStage.Refused) with { DestinationError = "the QEMU of attempt 1 ended: warning: netdev n1 has no peer" }));

        Assert.Equal((MigrationPhase.Failed, "net0: another device"), (entity.State.Migration!.Phase, entity.State.Migration.Reason));
    }

    [Fact]
    public void DestinationThatRefusedTheStream_SaysWhyWhenItIsHeardLast()
    {
        VmEntity entity = Follow(Iterating().With(Source(SourceStage.Home, started: 1)));

        entity = Follow(entity.With(Destination(DestinationStage.Refused) with { DestinationError = "the QEMU of attempt 1 ended: VQ 0 size 0x100" }));

        Assert.EndsWith("; host-b: the QEMU of attempt 1 ended: VQ 0 size 0x100", entity.State.Migration!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void BrokenAttempt_NamesOnlyWhatWasSaid()
    {
        VmEntity entity = Iterating();
        VmEntity late = Said(entity.With(Source(SourceStage.Copying)), new VmCommand.DeadlinePassed(MigrationPhase.Iterating, Attempt));
        HostReport home = Source(SourceStage.Home);
        HostReport word = home with { SourceError = "no route" };
        HostReport there = Destination(DestinationStage.Refusing) with { DestinationError = "bad section" };

        Assert.Equal("QEMU broke the attempt off without a word; see its log on both hosts", Why(entity.With(home).With(Destination(DestinationStage.Refusing))));
        Assert.Equal("host-a: no route", Why(entity.With(word)));
        Assert.Equal("host-a: no route; host-b: bad section", Why(entity.With(word).With(there)));
        Assert.Equal("Iterating took longer than its deadline", Why(late.With(home)));
        Assert.Equal("Iterating took longer than its deadline; host-b: bad section", Why(late.With(home).With(there)));

        static string Why(VmEntity of) => Assert.IsType<VmEvent.AttemptEnded>(VmProgress.Next(of)).Reason;
    }

    /// <summary>The gate's findings are the reason; what the destination's QEMU says when it is ended for them is not.</summary>
    [Fact]
    public void RefusedGate_HasNoOtherReasonAddedToIt()
    {
        VmEntity entity = Follow(Iterating()
            .With(Source(SourceStage.Home))
            .With(Destination(DestinationStage.Refused) with { GateFindings = ["net0: broken"], DestinationError = "terminating on signal 15" }));

        entity = Follow(Said(entity, new VmCommand.NoteJudgements(Attempt, [])));

        Assert.Equal((MigrationPhase.Failed, "the parity gate refused: net0: broken"), (entity.State.Migration!.Phase, entity.State.Migration.Reason));
    }

    [Fact]
    public void MigrationThatWasNotBegun_SaysWhetherItWasCancelledOrTimedOut()
    {
        VmEvent.MigrationEnded cancelled = Assert.IsType<VmEvent.MigrationEnded>(VmProgress.Next(Apply(Requested(), new VmEvent.CancelRequested(new RequestId("back")))));
        VmEvent.MigrationEnded late = Assert.IsType<VmEvent.MigrationEnded>(VmProgress.Next(Apply(Requested(), new VmEvent.PhaseTimedOut(MigrationPhase.Pending))));

        Assert.Equal((MigrationPhase.Cancelled, "cancelled before anything was started"), (cancelled.Phase, cancelled.Reason));
        Assert.Equal((MigrationPhase.Failed, "timed out in Pending"), (late.Phase, late.Reason));
    }
}
