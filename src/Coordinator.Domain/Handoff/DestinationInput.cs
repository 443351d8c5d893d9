namespace Coordinator.Domain.Handoff;

/// <summary>What reaches the destination's part of the handoff. Coordinators' commands have passed the <see cref="CommandFloor"/> before.</summary>
public abstract record DestinationInput
{
    /// <summary>Register <c>empty</c> and the launch id are durable before the process is launched.</summary>
    public sealed record Prepare(AttemptNo Attempt, LaunchId Launch) : DestinationInput;

    /// <summary>Clean-up of an attempt whose terminal result says that the source runs: the only command that refuses a loaded copy.</summary>
    public sealed record CleanUp(AttemptNo Attempt) : DestinationInput;

    /// <summary>
    /// The source is proven dead, with nothing recorded as completed. Refuses the copy if no stream has come to it, as a fresh look shows; one that has begun to load ends by itself,
    /// and one that has loaded is nobody's to end without a person's word.
    /// </summary>
    public sealed record Abandon(AttemptNo Attempt) : DestinationInput;

    /// <summary>
    /// A person's recorded word: the source is proven dead or its host off, and the guest goes on here, on a copy that nobody released, although disks may be newer than it.
    /// Taken only by a loaded, undecided copy; else "no longer possible".
    /// </summary>
    public sealed record RunByWord(AttemptNo Attempt, LaunchId Launch) : DestinationInput;

    /// <summary>A person's recorded word gave the guest to the other side, or gave it up: the copy is ended, also one that the register let run.</summary>
    public sealed record Overrule(AttemptNo Attempt, LaunchId Launch) : DestinationInput;

    /// <summary>From the source agent. <paramref name="OwnStore"/> is this agent's store, to be compared with the one that the source was authorised against.</summary>
    public sealed record FromSource(SourceMessage Message, StoreInstanceId OwnStore) : DestinationInput;

    public sealed record LaunchIssued(AttemptNo Attempt) : DestinationInput;

    public sealed record Observed(QemuView View) : DestinationInput;

    public sealed record GateJudged(AttemptNo Attempt, bool IsOpen) : DestinationInput;

    /// <summary>About to send <c>cont</c>: noted before, so that an unanswered one counts as sent.</summary>
    public sealed record ContinueSending(AttemptNo Attempt) : DestinationInput;

    /// <summary>QEMU answered <c>cont</c> with an error, and no RESUME was seen.</summary>
    public sealed record ContinueRefused(AttemptNo Attempt) : DestinationInput;
}

public abstract record DestinationEvent(bool Durable)
{
    public sealed record RegisterOpened(AttemptNo Attempt, LaunchId Launch) : DestinationEvent(Durable: true);

    /// <summary>The only sync inside the blackout.</summary>
    public sealed record RunSet(AttemptNo Attempt, bool GuestWasRunning) : DestinationEvent(Durable: true);

    public sealed record RefusedSet(AttemptNo Attempt) : DestinationEvent(Durable: true);

    public sealed record WithdrawalBegun(AttemptNo Attempt) : DestinationEvent(Durable: true);

    public sealed record RunWithdrawn(AttemptNo Attempt) : DestinationEvent(Durable: true);

    public sealed record RunningRecorded(AttemptNo Attempt) : DestinationEvent(Durable: true);

    public sealed record Overruled(AttemptNo Attempt) : DestinationEvent(Durable: true);

    public sealed record Viewed(QemuView View) : DestinationEvent(Durable: false);

    public sealed record WasLaunched(AttemptNo Attempt) : DestinationEvent(Durable: false);

    public sealed record ReleasedSeen(AttemptNo Attempt, bool GuestWasRunning) : DestinationEvent(Durable: false);

    public sealed record RefusalSeen(AttemptNo Attempt) : DestinationEvent(Durable: false);

    public sealed record AbandonNoted(AttemptNo Attempt) : DestinationEvent(Durable: false);

    public sealed record GateWasJudged(AttemptNo Attempt, bool IsOpen) : DestinationEvent(Durable: false);

    public sealed record ContinueWasSent(AttemptNo Attempt) : DestinationEvent(Durable: false);

    public sealed record ContinueWasRefused(AttemptNo Attempt) : DestinationEvent(Durable: false);

    public sealed record ForeignRunSeen(AttemptNo Attempt) : DestinationEvent(Durable: false);
}

public abstract record DestinationEffect
{
    public sealed record Observe : DestinationEffect;

    /// <summary>QEMU from the same definition with <c>-incoming defer -S</c>, then <c>migrate-incoming</c>.</summary>
    public sealed record LaunchIncoming(AttemptNo Attempt, LaunchId Launch) : DestinationEffect;

    /// <summary>Read this side's rings and compare them with the source's final records.</summary>
    public sealed record JudgeGate(AttemptNo Attempt) : DestinationEffect;

    /// <summary><c>cont</c>. Never in <c>inmigrate</c>, where QEMU answers success and silently cancels <c>-S</c>.</summary>
    public sealed record ContinueGuest(AttemptNo Attempt) : DestinationEffect;

    public sealed record EndQemu(LaunchId Launch) : DestinationEffect;

    /// <summary>The copy runs without a grant: stop it and page a human.</summary>
    public sealed record StopForeignRun(LaunchId Launch) : DestinationEffect;
}

/// <summary>Reply to a coordinator's command, or the register's answer to the source; exactly one is set.</summary>
public readonly record struct DestinationReply(CommandReply? Command, RegisterReply? Register)
{
    public static DestinationReply Of(CommandReply reply) => new(reply, Register: null);

    public static DestinationReply Of(AttemptNo attempt, RegisterAnswer answer) => new(Command: null, new RegisterReply(attempt, answer));
}
