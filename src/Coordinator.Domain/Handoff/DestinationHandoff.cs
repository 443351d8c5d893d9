using Coordinator.Domain.QemuModel;

namespace Coordinator.Domain.Handoff;

/// <summary>The one decision of an attempt; lives in the destination agent's durable register.</summary>
public enum RegisterValue
{
    Empty,
    Run,
    Refused,
}

/// <summary>What the destination agent has on disk about one VM: the decision register of the newest attempt, and what its QEMU came to.</summary>
public sealed record DestinationRecords
{
    public static readonly DestinationRecords Empty = new();

    /// <summary>The newest attempt prepared here.</summary>
    public AttemptNo Attempt { get; init; }

    /// <summary>The one process that was, or may have been, launched for it.</summary>
    public LaunchId Launch { get; init; }

    public RegisterValue Register { get; init; }

    /// <summary>Stored with <c>run</c>: a guest that was paused at the source is owned here without a <c>cont</c>.</summary>
    public bool GuestWasRunning { get; init; } = true;

    /// <summary>Every attempt up to this one is refused: refusing one refuses all older ones.</summary>
    public AttemptNo RefusedUpTo { get; init; }

    /// <summary>The guest ran here (or is owned here, paused) for this attempt. From then on it is an ordinary guest: never continued again by the handoff.</summary>
    public AttemptNo Running { get; init; }

    /// <summary>
    /// <c>run</c> of this attempt is being taken back: its <c>cont</c> failed, the guest never ran, and none will be sent again. Stored before the copy is ended, so that a later
    /// life may finish the withdrawal; without it a crash between ending the copy and refusing leaves <c>run</c> with nothing to run (found by the exhaustive search).
    /// </summary>
    public AttemptNo Withdrawing { get; init; }

    /// <summary>A person's recorded word ended this side of this attempt, whatever the register says: it stays stored as it was decided.</summary>
    public AttemptNo Overruled { get; init; }

    /// <summary>
    /// Every attempt that this register ever decided <c>run</c> and did not withdraw. Refusing a newer attempt refuses all older ones except these: a source that asks about
    /// one of them after years must still not be told <c>refused</c>.
    /// </summary>
    public EquatableList<AttemptNo> Runs { get; init; } = [];
}

/// <summary>What the parity gate found; volatile, because Released is repeated and the rings of a loaded copy do not change.</summary>
public enum GateState
{
    NotJudged,
    Open,
    Closed,
}

/// <summary>Where the destination's attempt stands, derived from records and view.</summary>
public enum DestinationStage
{
    NotPrepared,
    NotObserved,

    /// <summary>Register empty, QEMU launching, waiting for or receiving the stream.</summary>
    Receiving,

    /// <summary>Memory and devices complete, undecided.</summary>
    Loaded,

    /// <summary>Register <c>run</c>, the guest is being continued.</summary>
    Granted,

    Running,

    /// <summary>Register <c>refused</c>, or overruled by a person's recorded word; QEMU being ended.</summary>
    Refusing,

    /// <summary>The same, and QEMU proven dead.</summary>
    Refused,

    /// <summary>Register <c>run</c>, QEMU proven dead before the guest was seen running.</summary>
    LostAfterRun,
}

/// <summary>The destination agent's part of the handoff of one VM, with the decision register. Records survive a crash.</summary>
public sealed record DestinationHandoff
{
    public static readonly DestinationHandoff Initial = new();

    public DestinationRecords Records { get; init; } = DestinationRecords.Empty;

    public QemuView? View { get; init; }

    /// <summary>The attempt was prepared in this life, so its process may still have to be launched. After a restart a process that does not exist is gone.</summary>
    public bool PreparedInThisLife { get; init; }

    public bool Launched { get; init; }

    public bool ReleasedNoted { get; init; }

    public bool ReleasedGuestWasRunning { get; init; }

    /// <summary>The source has asked for refusal while the copy was about to run; its next question is granted.</summary>
    public bool RefusalNoted { get; init; }

    /// <summary>The source is dead: the copy is refused if the next look shows that no stream has come to it.</summary>
    public bool Abandoned { get; init; }

    public GateState Gate { get; init; }

    /// <summary>This life set <c>run</c>; only it may withdraw, and only while no <c>cont</c> of its own can have worked.</summary>
    public bool SetRunInThisLife { get; init; }

    public bool ContinueSent { get; init; }

    public bool ContinueFailed { get; init; }

    /// <summary>The guest was seen running here without register <c>run</c>: somebody else's <c>cont</c>. The copy is stopped and never granted in this life.</summary>
    public bool ForeignRun { get; init; }

    public DestinationStage Stage => StageOf(this);

    public DestinationHandoff AfterRestart() => new() { Records = Records };

    public bool IsWithdrawing => Records.Register == RegisterValue.Run && Records.Running < Records.Attempt && Records.Withdrawing >= Records.Attempt;

    public bool MayWithdraw =>
        IsWithdrawing || (Records.Register == RegisterValue.Run && Records.Running < Records.Attempt && SetRunInThisLife && (!ContinueSent || ContinueFailed));

    private static DestinationStage StageOf(DestinationHandoff d)
    {
        DestinationRecords records = d.Records;
        if (records.Attempt == AttemptNo.None)
        {
            return DestinationStage.NotPrepared;
        }

        bool isOverruled = records.Overruled >= records.Attempt;
        if (records.Running >= records.Attempt && !isOverruled)
        {
            return DestinationStage.Running;
        }

        bool refused = records.Register == RegisterValue.Refused || isOverruled;
        if (d.View is not { } view)
        {
            return d.PreparedInThisLife && !d.Launched && !refused ? DestinationStage.Receiving : DestinationStage.NotObserved;
        }

        if (refused)
        {
            return view.Alive ? DestinationStage.Refusing : DestinationStage.Refused;
        }

        if (records.Register == RegisterValue.Run)
        {
            return view.Alive ? DestinationStage.Granted : DestinationStage.LostAfterRun;
        }

        return view.IsLoaded ? DestinationStage.Loaded : DestinationStage.Receiving;
    }
}
