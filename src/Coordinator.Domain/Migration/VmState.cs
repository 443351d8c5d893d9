using Coordinator.Domain.Handoff;
using Coordinator.Domain.Policies;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Domain.Migration;

/// <summary>Where the one copy of a VM is. Changed by events only; <c>vm start</c> asks it too, so it cannot create a second copy either.</summary>
public enum ResidenceKind
{
    /// <summary>No copy exists.</summary>
    Absent,

    /// <summary>A launch was ordered; until its agent says otherwise there may be a copy.</summary>
    Starting,
    Resident,
    Stopping,
}

public sealed record Residence(ResidenceKind Kind, HostName? Host, LaunchId Launch)
{
    public static readonly Residence Absent = new(ResidenceKind.Absent, Host: null, LaunchId.None);
}

/// <summary>
/// What is still owed to a host after, or beside, the result of a migration; asked for until the host confirms, and never part of the verdict.
/// </summary>
public abstract record Owed(HostName Host, AttemptNo Attempt)
{
    /// <summary>
    /// Refuse and end what the attempt left at the destination. Owed only when the source keeps the guest, or is gone before a loaded copy existed.
    /// </summary>
    public sealed record CleanUp(HostName Host, AttemptNo Attempt) : Owed(Host, Attempt);

    /// <summary>A person's word has given this side up. If its host was off its process is dead already; if it was not, the second copy is ended as soon as it is seen.</summary>
    public sealed record EndOverruled(HostName Host, AttemptNo Attempt, LaunchId Launch) : Owed(Host, Attempt);

    /// <summary>End the handed-over source process. Owed only after <c>Running</c>.</summary>
    public sealed record EndSource(HostName Host, AttemptNo Attempt, LaunchId Launch) : Owed(Host, Attempt);
}

/// <summary>One migration of the VM, folded from its events.</summary>
public sealed record MigrationState(Guid Id, HostName Source, LaunchId SourceLaunch, HostName Destination, MigrationPolicy Policy)
{
    public MigrationPhase Phase { get; init; }

    /// <summary>The attempt under way; none before the first was opened.</summary>
    public AttemptNo Attempt { get; init; }

    public int AttemptsMade { get; init; }

    public LaunchId DestinationLaunch { get; init; }

    public StoreInstanceId DestinationStore { get; init; }

    public bool Prepared { get; init; }

    public bool Rehearsed { get; init; }

    /// <summary>Persisted before the start is sent: from here the agents may finish alone.</summary>
    public bool Authorized { get; init; }

    public bool CancelRequested { get; init; }

    /// <summary>A phase deadline passed and the attempt is being taken back.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Why the last attempt ended, in one sentence; empty while nothing failed.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The last attempt ended in a way that another one may not meet again.</summary>
    public bool MayRetry { get; init; }

    public MigrationVerdict? Verdict { get; init; }

    /// <summary>What closed the parity gate of this attempt; empty if it was not closed.</summary>
    public EquatableList<string> GateFindings { get; init; } = [];

    /// <summary>The virtqueue actors' judgements of this attempt are journalled.</summary>
    public bool QueuesJudged { get; init; }

    public string GateRefusal => $"the parity gate refused: {string.Join("; ", GateFindings)}";

    public bool Retries => MayRetry && AttemptsMade < Policy.MaxAttempts;

    /// <summary>Why the source agent would not start the attempt; empty if it did not refuse.</summary>
    public string StartRefusal { get; init; } = "";

    /// <summary>Hosts of this attempt that were proven off. A report made afterwards still counts.</summary>
    public EquatableList<HostName> ProvenOff { get; init; } = [];

    /// <summary>A person's word that is being, or was, carried out.</summary>
    public DoubtResolution? Resolution { get; init; }

    /// <summary>Hosts on which a copy ran without a grant in this attempt.</summary>
    public EquatableList<HostName> ForeignRuns { get; init; } = [];

    public bool IsProvenOff(HostName host) => ProvenOff.Contains(host);

    public bool WantsBack => CancelRequested || TimedOut || StartRefusal.Length > 0;
}

/// <summary>The VM's entity as its journal tells it. Replaying the journal gives exactly this.</summary>
public sealed record VmState
{
    public static readonly VmState Initial = new();

    public Epoch Epoch { get; init; }

    public IncarnationId Incarnation { get; init; }

    public AttemptNo LastAttempt { get; init; }

    public Residence Residence { get; init; } = Residence.Absent;

    /// <summary>As its user wrote it; both hosts launch from the same text. Empty while no copy exists.</summary>
    public string DefinitionYaml { get; init; } = "";

    public RequestId? LastStart { get; init; }

    /// <summary>The newest migration, terminal or not.</summary>
    public MigrationState? Migration { get; init; }

    public EquatableList<Owed> Owed { get; init; } = [];

    /// <summary>Answered requests, oldest first, at most <see cref="MaxRequests"/>: a repetition gets the first one's result.</summary>
    public EquatableList<AnsweredRequest> Requests { get; init; } = [];

    /// <summary>A client repeats a request within minutes; 32 per VM outlives any such repetition and bounds the state.</summary>
    public const int MaxRequests = 32;

    public bool IsMigrating => Migration is { } m && !m.Phase.IsTerminal();
}

public sealed record AnsweredRequest(RequestId Request, Guid Migration);

/// <summary>The journalled state with what agents last reported and what the virtqueue actors say; the reports are forgotten with the incarnation.</summary>
public sealed record VmEntity(VmState State)
{
    public EquatableList<HostReport> Reports { get; init; } = [];

    /// <summary>Every virtqueue actor of the migration's devices has said <c>Ready</c> for this attempt.</summary>
    public AttemptNo QueuesReadyFor { get; init; }

    /// <summary>The verdict folded from the virtqueue actors' judgements alone, once all have judged.</summary>
    public MigrationVerdict? FoldedVerdict { get; init; }

    /// <summary>The fleet's hold as this node knows it; null when there is none.</summary>
    public FleetHold? Hold { get; init; }

    /// <summary>
    /// Why the next attempt may not be opened yet, in one sentence: a slot has not been given to it, or its back-off is not over. Null once it may, and wherever nobody rations slots. Rationing
    /// protects links and hosts; no invariant rests on it.
    /// </summary>
    public string? Queued { get; init; }

    /// <summary>
    /// Hosts whose agents know of attempts that this journal does not: it was restored from a backup. Until one of them tells where the guest is, nothing is concluded from its absence elsewhere.
    /// Outlives a claim, which forgets the reports themselves.
    /// </summary>
    public EquatableList<HostName> Ahead { get; init; } = [];

    public HostReport? ReportOf(HostName? host) => Reports.FirstOrDefault(r => r.Host == host);

    /// <summary>The host's report, if it was made under this incarnation's own fence.</summary>
    public HostReport? FencedReportOf(HostName? host) =>
        ReportOf(host) is { } report && report.IsFencedBy(State.Epoch, State.Incarnation) ? report : null;

    /// <summary>Sorted by host, so that the order of arrival makes no other state.</summary>
    public VmEntity With(HostReport report) =>
        this with
        {
            Reports = Reports.Where(r => r.Host != report.Host).Append(report).OrderBy(r => r.Host.Value, StringComparer.Ordinal).ToEquatableList(),
            Ahead = report.GreatestAttempt > State.LastAttempt && !Ahead.Contains(report.Host) ? Ahead.Add(report.Host) : Ahead,
        };
}
