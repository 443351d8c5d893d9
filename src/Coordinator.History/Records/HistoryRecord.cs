using System.Text.Json.Serialization;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.History;

/// <summary>
/// One thing that is known to have happened, as its writer saw it. <paramref name="AtMicros"/> is microseconds: since the Unix epoch by the writer's clock in real runs, since
/// the beginning in simulated ones. A history is a list of these in the order of their times; records of one writer with equal times keep the order in which they were written.
/// </summary>
public abstract partial record HistoryRecord([property: JsonPropertyOrder(-2)] long AtMicros);

/// <summary>A record about one VM; the others are about what befell a process, a host or a link.</summary>
public abstract record VmRecord(long AtMicros, [property: JsonPropertyOrder(-1)] VmName Vm) : HistoryRecord(AtMicros);

/// <summary>A copy began to run: QEMU's RESUME, or the observer found it running.</summary>
public sealed record RunBegan(long AtMicros, VmName Vm, Copy Copy) : VmRecord(AtMicros, Vm);

/// <summary>A copy stopped running: QEMU's STOP, or its process is dead. <paramref name="ProcessEnded"/> true is the end of the copy for good.</summary>
public sealed record RunEnded(long AtMicros, VmName Vm, Copy Copy, bool ProcessEnded) : VmRecord(AtMicros, Vm);

/// <summary>An agent accepted a command or fence of this epoch: its floor is now this one, durably.</summary>
public sealed record EpochAccepted(long AtMicros, VmName Vm, HostName Host, StoreInstanceId Store, Epoch Epoch, IncarnationId Incarnation) : VmRecord(AtMicros, Vm);

/// <summary>The two copies and the register of one attempt, known from the moment it was prepared.</summary>
public sealed record AttemptPrepared(
    long AtMicros, VmName Vm, AttemptNo Attempt, Copy? Source, Copy Destination, StoreInstanceId Store) : VmRecord(AtMicros, Vm);

/// <summary>The coordinator's authorisation of an attempt is durable; <c>migrate</c> may follow.</summary>
public sealed record SwitchoverAuthorised(long AtMicros, VmName Vm, AttemptNo Attempt) : VmRecord(AtMicros, Vm);

/// <summary><c>migrate</c> was sent for an attempt. <paramref name="Source"/> is the copy that was told to.</summary>
public sealed record MigrateIssued(long AtMicros, VmName Vm, AttemptNo Attempt, Copy Source) : VmRecord(AtMicros, Vm);

/// <summary>The source's QEMU said <c>completed</c> for an attempt: from here only the register's refusal lets it run again.</summary>
public sealed record SourceCompleted(long AtMicros, VmName Vm, AttemptNo Attempt, Copy Source) : VmRecord(AtMicros, Vm);

/// <summary>A person's recorded word stands in for the register's refusal of an attempt: the source may run again.</summary>
public sealed record SourceKeptByWord(long AtMicros, VmName Vm, AttemptNo Attempt, Copy Source) : VmRecord(AtMicros, Vm);

/// <summary>
/// Somebody asks a register. <paramref name="Operation"/> is unique within one history and is repeated by <see cref="RegisterAnswered"/>; one that was never answered may have taken effect.
/// </summary>
public sealed record RegisterInvoked(
    long AtMicros, VmName Vm, AttemptNo Attempt, StoreInstanceId Store, string Operation, RegisterOperationKind Kind, HostName By) : VmRecord(AtMicros, Vm);

public sealed record RegisterAnswered(long AtMicros, VmName Vm, string Operation, RegisterOutcome Outcome) : VmRecord(AtMicros, Vm);

/// <summary>A client was told that its request is taken on as this migration.</summary>
public sealed record RequestAcknowledged(long AtMicros, VmName Vm, RequestId Request, Guid Migration) : VmRecord(AtMicros, Vm);

/// <summary>A client was shown this phase of a migration. Needed for every terminal one, and once for each migration at the end of the history.</summary>
public sealed record ResultSeen(long AtMicros, VmName Vm, Guid Migration, MigrationPhase Phase, MigrationVerdict? Verdict) : VmRecord(AtMicros, Vm);

public enum GuestIntent
{
    Run,

    /// <summary>Its user paused it, or the guest panicked or shut itself down: it may stand still.</summary>
    Rest,
}

/// <summary>What is wanted of the guest from here on; before the first of these it shall run from its first run on.</summary>
public sealed record GuestIntended(long AtMicros, VmName Vm, GuestIntent Intent, string Reason) : VmRecord(AtMicros, Vm);

public sealed record FaultBegan(long AtMicros, Party Party, FaultKind Kind) : HistoryRecord(AtMicros);

/// <summary>The party works again (started, continued, connected).</summary>
public sealed record FaultEnded(long AtMicros, Party Party, FaultKind Kind) : HistoryRecord(AtMicros);
