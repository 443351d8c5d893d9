namespace Coordinator.Domain.Handoff;

/// <summary>
/// What the source agent says to the destination agent, directly or carried unchanged by a coordinator. Judged by attempt alone, and by the store the source was
/// authorised against: another <paramref name="DestinationStore"/> is answered <see cref="RegisterAnswer.Unknown"/>.
/// </summary>
public abstract record SourceMessage(AttemptNo Attempt, StoreInstanceId DestinationStore)
{
    /// <summary>
    /// The source's QEMU says <c>completed</c> for this attempt and is in <c>postmigrate</c>: it will never run again unless the register refuses. Sent again and again
    /// until the register has answered for good.
    /// </summary>
    public sealed record Released(AttemptNo Attempt, StoreInstanceId DestinationStore, bool GuestWasRunning) : SourceMessage(Attempt, DestinationStore);

    /// <summary>Asks for the compare-and-set <c>empty -> refused</c>. A question, never a proof: only the stored answer counts.</summary>
    public sealed record Refuse(AttemptNo Attempt, StoreInstanceId DestinationStore) : SourceMessage(Attempt, DestinationStore);
}

/// <summary>What the destination's decision register answers.</summary>
public enum RegisterAnswer
{
    /// <summary>Noted; not decided yet (still loading, or the gate is still reading rings). Not a proof of anything.</summary>
    Undecided,

    /// <summary>Noted; the parity gate found a difference. The destination never refuses alone: the source asks for refusal.</summary>
    GateClosed,

    /// <summary>Durably decided for the destination; its guest may or may not run yet.</summary>
    Run,

    /// <summary>The destination's guest runs, durably recorded.</summary>
    Running,

    /// <summary>Durably refused, and the destination's QEMU of this attempt is proven dead.</summary>
    Refused,

    /// <summary>This store knows nothing of the attempt (lost, restored, or another instance). A doubt, never an empty register.</summary>
    Unknown,
}

/// <summary>The destination's answer to a <see cref="SourceMessage"/>.</summary>
public readonly record struct RegisterReply(AttemptNo Attempt, RegisterAnswer Answer);
