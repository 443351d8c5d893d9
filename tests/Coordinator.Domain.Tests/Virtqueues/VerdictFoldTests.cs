using Coordinator.Domain.Virtqueues;
using CsCheck;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class VerdictFoldTests
{
    private static readonly VirtqueueId[] s_queues = [new(Rings.Net0, 0), new(Rings.Net0, 1), new(Rings.Net0, 2)];

    [Theory]
    [InlineData(ParityOutcome.Equal, MigrationVerdict.Verified)]
    [InlineData(ParityOutcome.NotSetUp, MigrationVerdict.Verified)]
    [InlineData(ParityOutcome.LapBlind, MigrationVerdict.VerifiedLapBlind)]
    [InlineData(ParityOutcome.Mismatch, MigrationVerdict.Suspect)]
    [InlineData(ParityOutcome.NotObservable, MigrationVerdict.Suspect)]
    [InlineData(ParityOutcome.Unchecked, MigrationVerdict.Suspect)]
    [InlineData((ParityOutcome)99, MigrationVerdict.Suspect)]
    public void Fold_OneOutcomeAmongEqualOnes_DecidesTheVerdict(ParityOutcome outcome, MigrationVerdict verdict)
    {
        VirtqueueJudgement[] judgements = [Judgement(0, ParityOutcome.Equal), Judgement(1, outcome), Judgement(2, ParityOutcome.Equal)];

        Assert.Equal(verdict, VerdictFold.Fold(judgements, s_queues));
        Assert.Equal(MigrationVerdict.Refused, VerdictFold.Fold(judgements, s_queues, gateRefused: true));
        VerdictWithReasons folded = VerdictFold.FoldWithReasons(judgements, s_queues);
        Assert.Equal(verdict == MigrationVerdict.Verified ? [] : ["net0 queue 1 reason"], folded.Reasons);
    }

    [Fact]
    public void Fold_QueueWithoutJudgement_IsSuspect()
    {
        VerdictWithReasons folded = VerdictFold.FoldWithReasons([Judgement(0, ParityOutcome.Equal), Judgement(2, ParityOutcome.Equal)], s_queues);

        Assert.Equal(MigrationVerdict.Suspect, folded.Verdict);
        Assert.Equal(["net0 queue 1: nobody judged this queue"], folded.Reasons);
    }

    [Fact]
    public void Fold_GuestWithoutQueues_IsVerified() => Assert.Equal(MigrationVerdict.Verified, VerdictFold.Fold([], []));

    [Fact]
    public void Fold_Activities_OnlyAStalledQueueLowersTheVerdict()
    {
        VirtqueueJudgement[] judgements = [Judgement(0, ParityOutcome.Equal), Judgement(1, ParityOutcome.LapBlind), Judgement(2, ParityOutcome.Equal)];
        QueueActivity[] calm =
        [
            new QueueActivity.Progressed(s_queues[0], new RingStep(1, 1, 65536)),
            new QueueActivity.Idle(s_queues[1], "explained"),
            new QueueActivity.Unobserved(s_queues[2], "vhost"),
        ];

        Assert.Equal(MigrationVerdict.VerifiedLapBlind, VerdictFold.Fold(judgements, s_queues, activities: calm));
        Assert.Equal(
            MigrationVerdict.Suspect,
            VerdictFold.Fold(judgements, s_queues, activities: [.. calm, new QueueActivity.Stalled(s_queues[0], "stands still")]));
    }

    [Fact]
    public void Fold_OrderAndRepetition_DoNotMatter() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 5]).Select((queue, outcome) => Judgement(queue, (ParityOutcome)outcome)).Array[0, 8].Sample(judgements =>
        {
            MigrationVerdict verdict = VerdictFold.Fold(judgements, s_queues);
            return verdict == VerdictFold.Fold(judgements.Reverse(), s_queues)
                && verdict == VerdictFold.Fold(judgements.Concat(judgements), s_queues)
                && (verdict == MigrationVerdict.Verified) == (judgements.All(j => j.Outcome is ParityOutcome.Equal or ParityOutcome.NotSetUp)
                    && s_queues.All(id => judgements.Any(j => j.Id == id)));
        });

    /// <summary>A new outcome or verdict must be thought through in the fold, the gate, the tables and the stored events.</summary>
    [Fact]
    public void Enums_HaveNotGrownUnnoticed()
    {
        Assert.Equal(6, Enum.GetValues<ParityOutcome>().Length);
        Assert.Equal(4, Enum.GetValues<MigrationVerdict>().Length);
        Assert.Equal(3, Enum.GetValues<ObservationKind>().Length);
    }

    private static VirtqueueJudgement Judgement(int queue, ParityOutcome outcome) =>
        new(s_queues[queue], outcome, $"{s_queues[queue]} reason", Source: null, Destination: null, Delta: null);
}
