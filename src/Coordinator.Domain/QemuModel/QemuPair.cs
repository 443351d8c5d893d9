namespace Coordinator.Domain.QemuModel;

public enum Side : byte
{
    Source,
    Destination,
}

public enum StreamLink : byte
{
    None,
    Open,

    /// <summary>The source shut it down (yank, cancel, end, death). What was sent can still arrive.</summary>
    ClosedBySource,
    ClosedByDestination,

    /// <summary>The network broke it; both ends see that.</summary>
    Broken,
}

/// <summary>What the source has handed to the network. Until it is lost, the destination can load it, however late.</summary>
public enum SentPart : byte
{
    Nothing,
    Memory,
    Everything,
}

/// <summary>The destination's word on the return path.</summary>
public enum Acknowledgement : byte
{
    /// <summary>No return path.</summary>
    NotAsked,
    Awaited,
    Loaded,
    LoadFailed,
    Lost,
}

/// <param name="Stalled">Nothing arrives in either direction while it lasts, and nobody notices.</param>
/// <param name="Guest">Set when the source stops the guest.</param>
/// <param name="GuestWasReset">The state that was sent is that of a guest reset on the way.</param>
public readonly record struct MigrationStream(
    StreamLink Link, bool Stalled, SentPart Sent, Acknowledgement Acknowledgement, GuestBefore Guest, bool GuestWasReset)
{
    internal bool SourceSeesEnd => Link is StreamLink.ClosedBySource or StreamLink.Broken || (Link == StreamLink.ClosedByDestination && !Stalled);

    internal bool DestinationSeesEnd => Link is StreamLink.ClosedByDestination or StreamLink.Broken || (Link == StreamLink.ClosedBySource && !Stalled);

    internal uint Code =>
        (uint)Link | ((Stalled ? 1u : 0u) << 3) | ((uint)Sent << 4) | ((uint)Acknowledgement << 6) | ((uint)Guest << 9) | ((GuestWasReset ? 1u : 0u) << 11);
}

/// <summary>
/// Two QEMU processes and what flows between them. <see cref="Traits"/> stay the same along a history; a search should not mix pairs of different
/// traits in one table, because the hash leaves them out.
/// </summary>
public readonly record struct QemuPair(QemuProcess Source, QemuProcess Destination, MigrationStream Stream, QemuTraits Traits)
{
    public QemuProcess this[Side side] => side == Side.Source ? Source : Destination;

    internal QemuPair With(Side side, QemuProcess process) => side == Side.Source ? this with { Source = process } : this with { Destination = process };

    /// <summary>A bijection of everything but the traits into 64 bits.</summary>
    public ulong Code => Source.Code | ((ulong)Destination.Code << 26) | ((ulong)Stream.Code << 52);

    public bool Equals(QemuPair other) => Code == other.Code && Traits == other.Traits;

    public override int GetHashCode() => (int)((Code * 0x9E3779B97F4A7C15UL) >> 32);
}
