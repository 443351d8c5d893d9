using Coordinator.Domain.Handoff;

namespace Coordinator.Domain.Migration;

/// <summary>The source's part as its agent reports it: always the whole of it, so that a report may be lost, repeated or superseded.</summary>
public readonly record struct SourceReport(
    SourceStage Stage, AttemptNo Attempt, AttemptNo Tombstone, AttemptNo Refused, AttemptNo Completed, RegisterAnswer Answer)
{
    public static SourceReport Of(SourceHandoff source) => new(
        source.Stage, source.Attempt, source.Records.Tombstone, source.Records.Refused, source.Records.Completed, source.Answer);

    /// <summary>The guest is at the source and this attempt can never complete any more: never started and tombstoned, or over.</summary>
    public bool KeepsGuestAfter(AttemptNo attempt) => Stage == SourceStage.Home && (Attempt == attempt || (Attempt < attempt && Tombstone >= attempt));
}

/// <summary>The destination's part as its agent reports it.</summary>
public readonly record struct DestinationReport(DestinationStage Stage, AttemptNo Attempt, LaunchId Launch, AttemptNo RefusedUpTo, AttemptNo Running)
{
    public static DestinationReport Of(DestinationHandoff destination) => new(
        destination.Stage, destination.Records.Attempt, destination.Records.Launch, destination.Records.RefusedUpTo, destination.Records.Running);

    /// <summary>Nothing of this attempt is left here and nothing of it can come back.</summary>
    public bool IsCleanOf(AttemptNo attempt) =>
        RefusedUpTo >= attempt && (Attempt < attempt || Stage is DestinationStage.Refused or DestinationStage.NotPrepared);
}

/// <summary>
/// All that one agent says about one VM, with the floor under which it said so: evidence counts for a terminal result only if it was read after the own fence.
/// </summary>
public sealed record HostReport(
    HostName Host, CommandFloor Floor, StoreInstanceId Store, SourceReport Source, DestinationReport Destination, QemuView? Guest)
{
    /// <summary>The destination QEMU of the newest attempt takes the stream, and what both sides offer has been compared there.</summary>
    public bool IsListening { get; init; }

    /// <summary>Why the newest attempt failed at this host as a source, in QEMU's words; empty if it did not.</summary>
    public string SourceError { get; init; } = "";

    /// <summary>The same at this host as a destination.</summary>
    public string DestinationError { get; init; } = "";

    /// <summary>The attempt in which a copy ran at this host without a grant, and was stopped; none otherwise.</summary>
    public AttemptNo ForeignRun { get; init; }

    /// <summary>What closed the parity gate of the newest attempt, one sentence each.</summary>
    public EquatableList<string> GateFindings { get; init; } = [];

    /// <summary>
    /// The process that this attempt moves is proven dead. Before the attempt has begun at the source its part still speaks of the attempt before, and a guest that has just come
    /// back to this host would be taken for the process that it once left here (found by the simulator: a living guest was recorded as lost).
    /// </summary>
    public bool IsSourceGone(AttemptNo attempt, LaunchId launch) =>
        Source.Stage == SourceStage.Gone && (Source.Attempt == attempt || (Guest is { Alive: false } guest && guest.Launch == launch));

    /// <summary>The greatest attempt of which this agent has any record, as a source or as a destination.</summary>
    public AttemptNo GreatestAttempt =>
        AttemptNo.Max(AttemptNo.Max(Source.Attempt, Source.Tombstone), AttemptNo.Max(Destination.Attempt, Destination.RefusedUpTo));

    public bool IsFencedBy(Epoch epoch, IncarnationId incarnation) => Floor.Epoch == epoch && Floor.Incarnation == incarnation;
}

internal static class HostReports
{
    /// <summary>The destination speaks of this attempt, from the store that the attempt was authorised against.</summary>
    internal static bool IsOf([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] this HostReport? destination, MigrationState m) =>
        destination is { } d && d.Store == m.DestinationStore && d.Destination.Attempt == m.Attempt;
}
