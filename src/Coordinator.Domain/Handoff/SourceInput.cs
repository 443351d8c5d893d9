namespace Coordinator.Domain.Handoff;

/// <summary>What reaches the source's part of the handoff. Coordinators' commands have passed the <see cref="CommandFloor"/> before.</summary>
public abstract record SourceInput
{
    /// <summary>The authorised start of the attempt: from here the two agents may finish alone.</summary>
    public sealed record Start(AttemptNo Attempt, StoreInstanceId DestinationStore) : SourceInput;

    /// <summary>Before the start it leaves a tombstone; afterwards it is a wish for refusal. What became of it is read from the end state, never from QMP's reply.</summary>
    public sealed record Cancel(AttemptNo Attempt) : SourceInput;

    /// <summary>End the handed-over source process, by launch; only a coordinator that saw <c>Running</c> sends it.</summary>
    public sealed record EndSource(AttemptNo Attempt, LaunchId Launch) : SourceInput;

    /// <summary>
    /// A person's recorded word: the copy at the destination is proven dead or its host off, and the guest goes on here although its disks may be newer than its memory.
    /// Taken only while this QEMU stands still without an answer; else "no longer possible".
    /// </summary>
    public sealed record KeepByWord(AttemptNo Attempt, LaunchId Launch) : SourceInput;

    /// <summary>
    /// A person's recorded word: nobody can ask the register any more, and the stopped copy here is given up. Only one that QEMU has completed for good: whatever else stands
    /// still may run again by itself (found by the exhaustive search: a <c>failed</c> source whose QEMU had not settled yet).
    /// </summary>
    public sealed record GiveUp(AttemptNo Attempt, LaunchId Launch) : SourceInput;

    /// <summary>A person's recorded word gave the guest to the other side, or gave it up: whatever of the attempt still lives here is ended, also if it runs.</summary>
    public sealed record Overrule(AttemptNo Attempt, LaunchId Launch) : SourceInput;

    public sealed record Observed(QemuView View) : SourceInput;

    /// <summary>QEMU answered <c>migrate</c> (accepted or not: the next observation tells).</summary>
    public sealed record MigrateIssued(AttemptNo Attempt) : SourceInput;

    public sealed record ContinueIssued(AttemptNo Attempt) : SourceInput;

    public sealed record YankIssued(AttemptNo Attempt) : SourceInput;

    public sealed record RegisterAnswered(RegisterReply Reply) : SourceInput;

    /// <summary>The guest has stood still for longer than the policy's switchover deadline.</summary>
    public sealed record SwitchoverDeadlinePassed(AttemptNo Attempt) : SourceInput;

    /// <summary>Final indices of the completed attempt are on disk.</summary>
    public sealed record CompletionStored(AttemptNo Attempt) : SourceInput;
}

/// <summary>What has happened at the source. Durable ones are on disk before anything follows from them.</summary>
public abstract record SourceEvent(bool Durable)
{
    public sealed record AttemptStarted(AttemptNo Attempt, LaunchId Launch, StoreInstanceId DestinationStore, bool GuestWasRunning) : SourceEvent(Durable: true);

    public sealed record Tombstoned(AttemptNo Attempt) : SourceEvent(Durable: true);

    public sealed record CompletionRecorded(AttemptNo Attempt) : SourceEvent(Durable: true);

    public sealed record RefusalStored(AttemptNo Attempt) : SourceEvent(Durable: true);

    public sealed record ForeignRunSeen(AttemptNo Attempt) : SourceEvent(Durable: true);

    public sealed record KeptByWord(AttemptNo Attempt) : SourceEvent(Durable: true);

    public sealed record Overruled(AttemptNo Attempt) : SourceEvent(Durable: true);

    public sealed record Viewed(QemuView View) : SourceEvent(Durable: false);

    public sealed record MigrateWasIssued(AttemptNo Attempt) : SourceEvent(Durable: false);

    public sealed record SwitchoverContinued : SourceEvent
    {
        public SwitchoverContinued() : base(Durable: false) { }
    }

    public sealed record StreamYanked : SourceEvent
    {
        public StreamYanked() : base(Durable: false) { }
    }

    public sealed record CancelNoted : SourceEvent
    {
        public CancelNoted() : base(Durable: false) { }
    }

    public sealed record DeadlineNoted : SourceEvent
    {
        public DeadlineNoted() : base(Durable: false) { }
    }

    public sealed record EndNoted : SourceEvent
    {
        public EndNoted() : base(Durable: false) { }
    }

    public sealed record AnswerNoted(RegisterAnswer Answer) : SourceEvent(Durable: false);
}

/// <summary>What must be outstanding at the source now. Performed by the driver, repeated until the state no longer asks for it.</summary>
public abstract record SourceEffect
{
    public sealed record Observe : SourceEffect;

    /// <summary>Capabilities, parameters and the one <c>migrate</c> of this attempt.</summary>
    public sealed record IssueMigrate(AttemptNo Attempt) : SourceEffect;

    /// <summary><c>migrate_cancel</c>; only before <c>migrate-continue</c>.</summary>
    public sealed record CancelMigrate(AttemptNo Attempt) : SourceEffect;

    /// <summary><c>migrate-continue</c> with state <c>pre-switchover</c>, at once: every millisecond here is blackout.</summary>
    public sealed record ContinueSwitchover(AttemptNo Attempt) : SourceEffect;

    /// <summary>Out-of-band: in <c>device</c> the monitor answers nothing else.</summary>
    public sealed record YankStream(AttemptNo Attempt) : SourceEffect;

    public sealed record SendToDestination(SourceMessage Message) : SourceEffect;

    /// <summary>Final indices to disk, while Released already travels.</summary>
    public sealed record RecordCompletion(AttemptNo Attempt) : SourceEffect;

    public sealed record ContinueGuest(LaunchId Launch) : SourceEffect;

    /// <summary>A third party continued a source that may have been released: stop it, raise the alarm, ask the register.</summary>
    public sealed record StopForeignRun(LaunchId Launch) : SourceEffect;

    public sealed record EndQemu(LaunchId Launch) : SourceEffect;
}
