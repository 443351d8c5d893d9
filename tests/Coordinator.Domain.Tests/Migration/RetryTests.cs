using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.Virtqueues;
using Xunit;
using static Coordinator.Domain.Tests.Migration.Course;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>A migration that may be tried more than once: each attempt begins with nothing of the one before it, and what is owed by that one comes first.</summary>
public sealed class RetryTests
{
    private static readonly MigrationPolicy s_twice = MigrationPolicy.Default with { MaxAttempts = 2 };
    private static readonly AttemptNo s_second = new(2);

    /// <summary>It ended as "timed out in Scheduling" before its second attempt began: a mutant that forgot to forget the time-out survived.</summary>
    [Theory]
    [InlineData(MigrationPhase.PreparingDestination)]
    [InlineData(MigrationPhase.Iterating)]
    public void AttemptThatTookTooLong_IsFollowedByAnother(MigrationPhase phase)
    {
        VmEntity entity = phase == MigrationPhase.Iterating ? Iterating(s_twice).With(Source(SourceStage.Copying)) : Opened(s_twice);
        entity = Said(entity, new VmCommand.DeadlinePassed(phase, Attempt));

        entity = Follow(entity.With(Source(SourceStage.Home)).With(Destination(DestinationStage.Refused)));

        MigrationState second = entity.State.Migration!;
        Assert.Equal((MigrationPhase.PreparingDestination, s_second), (second.Phase, second.Attempt));
        Assert.False(second.TimedOut);
        Assert.False(second.WantsBack);
    }

    [Fact]
    public void AttemptThatTookTooLong_IsTheLastOneWhenThePolicySaysSo()
    {
        VmEntity entity = Said(Opened(), new VmCommand.DeadlinePassed(MigrationPhase.PreparingDestination, Attempt));

        entity = Follow(entity.With(Destination(DestinationStage.Refused)));

        Assert.Equal((MigrationPhase.Failed, "the preparation took longer than its deadline"), (entity.State.Migration!.Phase, entity.State.Migration.Reason));
    }

    [Fact]
    public void SecondAttempt_KnowsNothingOfTheFirst()
    {
        VmEntity entity = Apply(Iterating(s_twice).With(Source(SourceStage.Home)), new VmEvent.GateRefused(Attempt, ["net0: broken"])) with
        {
            QueuesReadyFor = Attempt,
            FoldedVerdict = MigrationVerdict.Refused,
        };
        entity = Follow(entity.With(Destination(DestinationStage.Refused)));
        Assert.Equal(MigrationPhase.RollingBack, entity.State.Migration!.Phase);

        entity = Follow(Said(entity, new VmCommand.NoteJudgements(Attempt, [])));

        MigrationState second = entity.State.Migration!;
        Assert.Equal((MigrationPhase.PreparingDestination, s_second), (second.Phase, second.Attempt));
        Assert.Equal((AttemptNo.None, null), (entity.QueuesReadyFor, entity.FoldedVerdict));
        Assert.Empty(second.GateFindings);
        Assert.False(second.QueuesJudged);
        Assert.Null(second.Verdict);
    }

    /// <summary>A destination that still owes the clean-up of an older attempt refuses to open a new register; what any other host owes is not waited for.</summary>
    [Fact]
    public void Attempt_WaitsForWhatItsOwnDestinationOwes()
    {
        VmEntity requested = Requested();
        VmEntity Owing(Owed owed) => requested with { State = requested.State with { Owed = [owed] } };
        HostName elsewhere = new("host-c");

        Assert.Null(VmProgress.Next(Scheduled(Owing(new Owed.CleanUp(DestinationHost, Attempt)))));
        Assert.Null(VmProgress.Next(Scheduled(Owing(new Owed.EndOverruled(DestinationHost, Attempt, Incoming)))));
        Assert.IsType<VmEvent.AttemptOpened>(VmProgress.Next(Scheduled(Owing(new Owed.CleanUp(elsewhere, Attempt)))));
        Assert.IsType<VmEvent.AttemptOpened>(VmProgress.Next(Scheduled(Owing(new Owed.EndOverruled(elsewhere, Attempt, Incoming)))));
        Assert.IsType<VmEvent.AttemptOpened>(VmProgress.Next(Scheduled(Owing(new Owed.EndSource(DestinationHost, Attempt, Incoming)))));
    }

    [Fact]
    public void RehearsalOverItsBudget_IsNotTriedAgain()
    {
        VmEntity entity = Prepared(s_twice with { RehearsalBudgetMs = 1, OnRehearsalOverBudget = OverBudgetAction.Refuse });

        Assert.False(VmDecisions.Decide(entity, new VmCommand.NoteRehearsal(Attempt, new Rehearsal(900, 101, 0, 0))).Events.OfType<VmEvent.AttemptEnded>().Single().MayRetry);
    }

    private static VmEntity Scheduled(VmEntity entity) => Apply(entity, new VmEvent.MigrationScheduled(entity.State.Migration!.Id));
}
