namespace Coordinator.Domain.Virtqueues;

/// <summary>Our own word on a migration, apart from QEMU's <c>completed</c>. From best to worst.</summary>
public enum MigrationVerdict
{
    /// <summary>Every queue was proven equal, or had nothing to compare.</summary>
    Verified,

    /// <summary>As good as QMP can show: packed rings, whose wrap counters it hides.</summary>
    VerifiedLapBlind,

    /// <summary>The guest runs on the destination and something is not proven, or stands still without an explanation.</summary>
    Suspect,

    /// <summary>The gate refused; the guest was never resumed on the destination.</summary>
    Refused,
}

/// <summary>A verdict with every sentence that made it what it is; none for <see cref="MigrationVerdict.Verified"/>.</summary>
public sealed record VerdictWithReasons(MigrationVerdict Verdict, EquatableList<string> Reasons);

/// <summary>Folds the judgements of all queues into the verdict. The order and repetition of judgements do not matter: the worst of a queue counts.</summary>
public static class VerdictFold
{
    /// <inheritdoc cref="FoldWithReasons"/>
    public static MigrationVerdict Fold(
        IEnumerable<VirtqueueJudgement> judgements,
        IReadOnlyCollection<VirtqueueId> expected,
        bool gateRefused = false,
        IEnumerable<QueueActivity>? activities = null) =>
        FoldWithReasons(judgements, expected, gateRefused, activities).Verdict;

    /// <param name="judgements">Judgements of the queues' actors.</param>
    /// <param name="expected">Every queue of every tracked device: one without a judgement is never taken for an equal one.</param>
    /// <param name="gateRefused">The parity gate was closed. In postcopy it cannot be: there a mismatch is Suspect.</param>
    /// <param name="activities">What the queues did after the resume. A stalled one is Suspect; one that could not be observed is not held against it.</param>
    public static VerdictWithReasons FoldWithReasons(
        IEnumerable<VirtqueueJudgement> judgements,
        IReadOnlyCollection<VirtqueueId> expected,
        bool gateRefused = false,
        IEnumerable<QueueActivity>? activities = null)
    {
        ArgumentNullException.ThrowIfNull(judgements);
        ArgumentNullException.ThrowIfNull(expected);
        MigrationVerdict verdict = gateRefused ? MigrationVerdict.Refused : MigrationVerdict.Verified;
        List<string> reasons = [];
        HashSet<VirtqueueId> judged = [];

        void Lower(MigrationVerdict to, string reason)
        {
            verdict = to > verdict ? to : verdict;
            reasons.Add(reason);
        }

        foreach (VirtqueueJudgement judgement in judgements)
        {
            judged.Add(judgement.Id);
            MigrationVerdict own = Of(judgement.Outcome);
            if (own != MigrationVerdict.Verified)
            {
                Lower(own, judgement.Reason);
            }
        }

        foreach (VirtqueueId id in expected.Where(id => !judged.Contains(id)))
        {
            Lower(MigrationVerdict.Suspect, $"{id}: nobody judged this queue");
        }

        foreach (QueueActivity.Stalled stalled in (activities ?? []).OfType<QueueActivity.Stalled>())
        {
            Lower(MigrationVerdict.Suspect, stalled.Reason);
        }

        return new VerdictWithReasons(verdict, reasons.ToEquatableList());
    }

    private static MigrationVerdict Of(ParityOutcome outcome) => outcome switch
    {
        ParityOutcome.Equal or ParityOutcome.NotSetUp => MigrationVerdict.Verified,
        ParityOutcome.LapBlind => MigrationVerdict.VerifiedLapBlind,
        ParityOutcome.Mismatch or ParityOutcome.NotObservable or ParityOutcome.Unchecked => MigrationVerdict.Suspect,
        // A word from a newer node that this one does not know proves nothing.
        _ => MigrationVerdict.Suspect,
    };
}
