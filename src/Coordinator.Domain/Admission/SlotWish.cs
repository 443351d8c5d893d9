using Coordinator.Domain.Policies;

namespace Coordinator.Domain.Admission;

/// <summary>One migration that wants its next attempt opened, or has one under way.</summary>
/// <param name="Vm">At most one of each VM.</param>
/// <param name="Migration">The migration's id.</param>
/// <param name="Attempt">How many attempts it has made: each needs a slot of its own.</param>
/// <param name="Source">Where the guest is.</param>
/// <param name="Destination">Where it is to go.</param>
/// <param name="Priority">A greater one goes first.</param>
/// <param name="BandwidthBytesPerSec">Most that its stream may take, by its policy.</param>
/// <param name="AskedAtUnixMs">When it was requested, by a coordinator's clock; decides among equals only.</param>
public sealed record SlotWish(
    VmName Vm, Guid Migration, int Attempt, HostName Source, HostName Destination, MigrationPriority Priority, long BandwidthBytesPerSec, long AskedAtUnixMs);

/// <summary>What one host lets go on at a time. Its agent enforces the numbers by itself; they are known here so that nobody is sent there in vain.</summary>
/// <param name="Outgoing">Streams from it, 1 or more.</param>
/// <param name="Incoming">Streams to it, 1 or more.</param>
/// <param name="BandwidthBytesPerSec">Sum of what the streams from and to it may take; null for no limit.</param>
public sealed record HostLimits(int Outgoing, int Incoming, long? BandwidthBytesPerSec)
{
    /// <summary>The custom of KubeVirt (out) and oVirt (out and in), and of an agent that does not say.</summary>
    public static readonly HostLimits Default = new(Outgoing: 2, Incoming: 2, BandwidthBytesPerSec: null);
}

/// <summary>What all hosts together let go on at a time; null for no limit. Hosts ration themselves, so that there need be none.</summary>
public sealed record FleetLimits(int? Active, long? BandwidthBytesPerSec)
{
    public static readonly FleetLimits None = new(Active: null, BandwidthBytesPerSec: null);
}

/// <summary>What stands in the way of one wish: the first of these that is exhausted.</summary>
public enum SlotShortage
{
    FleetActive,
    FleetBandwidth,
    Outgoing,
    Incoming,
    SourceBandwidth,
    DestinationBandwidth,
}

/// <summary>A wish that has to wait.</summary>
/// <param name="Wish">Which.</param>
/// <param name="Shortage">What it waits for.</param>
/// <param name="Sentence">The same for people, with who has what it waits for.</param>
/// <param name="Before">How many others of the same or a greater priority wait and were asked for earlier.</param>
public sealed record SlotWait(SlotWish Wish, SlotShortage Shortage, string Sentence, int Before);

/// <summary>Who goes now, in this order, and who waits for what.</summary>
public sealed record SlotRound(IReadOnlyList<SlotWish> Granted, IReadOnlyList<SlotWait> Waiting);
