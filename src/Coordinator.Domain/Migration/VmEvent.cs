using Coordinator.Domain.Policies;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Domain.Migration;

/// <summary>
/// What happened to a VM, as its entity journals it. Past tense, extended only, without a clock: the journal's envelope carries the time of each.
/// About 15 to 30 stand for one migration; samples are never journalled.
/// </summary>
public abstract record VmEvent
{
    /// <summary>A new life of the entity claims an epoch above every floor it knows of. If this write fails, another incarnation is ahead.</summary>
    public sealed record IncarnationStarted(IncarnationId Incarnation, Epoch Epoch) : VmEvent;

    public sealed record VmStartOrdered(RequestId Request, HostName Host, LaunchId Launch, string DefinitionYaml) : VmEvent;

    /// <summary>Its agent has seen the guest's QEMU alive.</summary>
    public sealed record VmResident(HostName Host, LaunchId Launch) : VmEvent;

    /// <summary>
    /// The journal is older than what the hosts know, since it was restored from a backup, and the guest is where its agent says. Attempts up to <paramref name="Attempt"/> were used and are not
    /// used again.
    /// </summary>
    public sealed record ResidenceCorrected(HostName Host, LaunchId Launch, AttemptNo Attempt) : VmEvent;

    public sealed record VmStopOrdered(RequestId Request) : VmEvent;

    /// <summary>The QEMU is proven dead, or was never launched.</summary>
    public sealed record VmGone(string Reason) : VmEvent;

    public sealed record MigrationRequested(RequestId Request, Guid Id, HostName Source, LaunchId SourceLaunch, HostName Destination,
        MigrationPolicy Policy) : VmEvent;

    public sealed record MigrationScheduled(Guid Id) : VmEvent;

    /// <summary>The attempt's number and the launch it will use, before either is used.</summary>
    public sealed record AttemptOpened(AttemptNo Attempt, LaunchId Launch) : VmEvent;

    public sealed record DestinationPrepared(AttemptNo Attempt, StoreInstanceId Store) : VmEvent;

    public sealed record RehearsalCompleted(AttemptNo Attempt, Rehearsal Measured) : VmEvent;

    /// <summary>Stored before the start is sent; from here the two agents may finish alone.</summary>
    public sealed record SwitchoverAuthorized(AttemptNo Attempt, StoreInstanceId Store) : VmEvent;

    /// <summary>One pass over guest memory has ended; the last one, with nothing remaining, holds the sums of the whole stream and is known only after it.</summary>
    public sealed record IterationCompleted(AttemptNo Attempt, CopyProgress Progress) : VmEvent;

    public sealed record CancelRequested(RequestId Request) : VmEvent;

    public sealed record PhaseTimedOut(MigrationPhase Phase) : VmEvent;

    /// <summary>The source agent will not start the attempt; it is taken back before anything was copied.</summary>
    public sealed record StartRefused(AttemptNo Attempt, string Reason) : VmEvent;

    public sealed record SwitchoverEntered(AttemptNo Attempt) : VmEvent;

    /// <summary>Seen under the own fence: register <c>run</c>, and the guest runs (or is owned, paused) at the destination.</summary>
    public sealed record GuestRunsAtDestination(AttemptNo Attempt) : VmEvent;

    public sealed record BlackoutMeasured(AttemptNo Attempt, Blackout Blackout) : VmEvent;

    /// <summary>The judgements of all virtqueue actors, in the order of device and queue.</summary>
    public sealed record QueuesJudged(AttemptNo Attempt, EquatableList<VirtqueueJudgement> Judgements) : VmEvent
    {
        /// <summary>What the queues did after the resume; empty when the guest was never resumed at the destination.</summary>
        public EquatableList<QueueActivity> Activities { get; init; } = [];
    }

    public sealed record VerdictReached(AttemptNo Attempt, MigrationVerdict Verdict) : VmEvent;

    /// <summary>The attempt is over and the source keeps the guest (or nothing was ever started).</summary>
    public sealed record AttemptEnded(AttemptNo Attempt, string Reason, bool MayRetry) : VmEvent;

    /// <summary>
    /// The destination's parity gate was closed for this attempt; one sentence for each finding. Its report may come after the source's, and after the
    /// attempt ended.
    /// </summary>
    public sealed record GateRefused(AttemptNo Attempt, EquatableList<string> Findings) : VmEvent;

    public sealed record DebtSettled(HostName Host, AttemptNo Attempt) : VmEvent;

    public sealed record DoubtRaised(AttemptNo Attempt, string Evidence) : VmEvent;

    /// <summary>Said by the fencing hook or by a person. What the host had reported before is no evidence any more; what it reports afterwards is.</summary>
    public sealed record HostProvenOff(RequestId Request, AttemptNo Attempt, HostName Host, SignedWord Word) : VmEvent;

    /// <summary>A person's word on this attempt; it is carried out until an agent confirms it or says that it is no longer possible.</summary>
    public sealed record DoubtResolved(RequestId Request, AttemptNo Attempt, DoubtResolution Resolution) : VmEvent;

    /// <summary>The word could not be carried out: the doubt is open again.</summary>
    public sealed record ResolutionFailed(AttemptNo Attempt, string Reason) : VmEvent;

    /// <summary>A copy ran without a grant: somebody other than the agents had continued it. Its agent stops it at once; a person has to find out who.</summary>
    public sealed record ForeignRunReported(AttemptNo Attempt, HostName Host) : VmEvent;

    public sealed record GuestLost(AttemptNo Attempt, string Evidence) : VmEvent;

    public sealed record MigrationEnded(MigrationPhase Phase, string Reason) : VmEvent;
}

/// <summary>Figures of one pass. <paramref name="Pass"/> counts from 1 as QEMU's <c>dirty-sync-count</c> does.</summary>
public readonly record struct CopyProgress(int Pass, long RemainingBytes, long TransferredBytes, long TotalBytes, long DirtyPagesPerSec, long ElapsedMs);

/// <summary>
/// What the empty handoff cost, in microseconds. The clock offset is destination minus source, known only within plus or minus half the round trip.
/// </summary>
public readonly record struct Rehearsal(long RoundTripMicros, long SyncMicros, long ClockOffsetMicros, long ClockUncertaintyMicros);

/// <summary>
/// The blackout from the source's STOP to the destination's RESUME and its parts, in microseconds by QEMU's own event times. Where QEMU cannot tell
/// stream from load (7.2 without trace points), <paramref name="LoadMicros"/> is null and the stream part holds both. Times that cross hosts are
/// known within the uncertainty.
/// </summary>
public sealed record Blackout(
    long TotalMicros, long StopMicros, long StreamMicros, long? LoadMicros, long ReleaseMicros, long GateMicros, long GrantMicros, long ResumeMicros,
        long UncertaintyMicros)
{
    /// <summary>What QEMU itself reports as downtime, for comparison; absent when it did not say.</summary>
    public long? QemuDowntimeMs { get; init; }
}
