namespace Coordinator.Domain.Virtqueues;

public enum ParityOutcome
{
    /// <summary>Both records were read from stopped devices and everything that must agree agrees.</summary>
    Equal,

    /// <summary>The records contradict each other, or one of them contradicts itself.</summary>
    Mismatch,

    /// <summary>The driver has not set the queue up, on either side. Explained, but not "equal": there was nothing to compare.</summary>
    NotSetUp,

    /// <summary>vhost was started on a side, so its ring was not read.</summary>
    NotObservable,

    /// <summary>A packed ring whose indices agree while a wrap counter is hidden: an error of a whole lap would look the same.</summary>
    LapBlind,

    /// <summary>The records do not prove anything; the reason says why.</summary>
    Unchecked,
}

/// <summary>What the comparison of one queue's final source record with its first destination record came to.</summary>
/// <param name="Id">The queue.</param>
/// <param name="Outcome">The outcome.</param>
/// <param name="Reason">A sentence for the person on call: device, queue, what differs, both records.</param>
/// <param name="Source">The source's record, if there was one.</param>
/// <param name="Destination">The destination's record, if there was one.</param>
/// <param name="Delta">
/// Destination minus source of the first index that differs (last_avail_idx before used_idx): modulo 65536 for a split ring, modulo the ring or its two laps for a
/// packed one. Null when no index differs.
/// </param>
public sealed record VirtqueueJudgement(
    VirtqueueId Id,
    ParityOutcome Outcome,
    string Reason,
    VirtqueueObservation? Source,
    VirtqueueObservation? Destination,
    ushort? Delta)
{
    /// <summary>Equal, or there was nothing to compare, or as equal as QMP can show.</summary>
    public bool IsProven => Outcome is ParityOutcome.Equal or ParityOutcome.NotSetUp or ParityOutcome.LapBlind;
}
