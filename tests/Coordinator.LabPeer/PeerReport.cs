namespace Coordinator.LabPeer;

/// <summary>
/// What the peer saw so far. All times are nanoseconds of the machine's monotonic clock, the one that
/// <see cref="System.Diagnostics.Stopwatch"/> reads on Linux, so they compare with the readings of other processes of the same machine.
/// </summary>
public sealed record PeerReport(long AtNs, IReadOnlyList<ArrivalReport> FromGuest, IReadOnlyList<RoundTripReport> RoundTrips)
{
    public long LostFromGuest => FromGuest.Sum(flow => flow.Missing);
    public long LostRoundTrips => RoundTrips.Sum(flow => flow.Lost);
    public double LargestGapMs => FromGuest.Count == 0 ? 0 : FromGuest.Max(flow => flow.LargestGapNs) / 1e6;
}

/// <summary>The guest's numbered datagrams of one flow.</summary>
/// <param name="Received">Different numbers that arrived.</param>
/// <param name="Missing">Numbers between the first and the highest that have not arrived (late ones are taken off again).</param>
/// <param name="Repeated">Arrivals of a number that had arrived before.</param>
/// <param name="Late">Arrivals out of order: a number lower than one before it.</param>
/// <param name="Boots">Different boot ids; more than 1 means that the guest restarted. Numbers count anew at each.</param>
/// <param name="Repetitions">When each of them came, at most <see cref="ArrivalRecord.ListLimit"/> of them.</param>
/// <param name="Gaps">Silences of at least the threshold, at most <see cref="ArrivalRecord.ListLimit"/> of them.</param>
public sealed record ArrivalReport(
    int Flow,
    long Received,
    long Missing,
    long Repeated,
    long Late,
    int Boots,
    ulong FirstSequence,
    ulong LastSequence,
    long LargestGapNs,
    IReadOnlyList<SilenceSpan> Gaps,
    IReadOnlyList<LossSpan> Losses,
    IReadOnlyList<Repetition> Repetitions);

/// <summary>The peer's own datagrams of one flow, which the guest echoes.</summary>
/// <param name="Lost">Sent more than <see cref="RoundTripRecord.GraceMs"/> ago and not back.</param>
/// <param name="Outstanding">Not back yet, but still within that time.</param>
/// <param name="SlowestNs">Longest round trip of one that came back.</param>
public sealed record RoundTripReport(
    int Flow,
    long Sent,
    long Returned,
    long Repeated,
    long Lost,
    long Outstanding,
    long SlowestNs,
    IReadOnlyList<LossSpan> Losses);

/// <summary>Number <paramref name="Sequence"/> came again when <paramref name="Highest"/> had been seen: how far back shows whether a copy, a page or only the network repeated it.</summary>
public readonly record struct Repetition(long AtNs, ulong Sequence, ulong Highest);

public readonly record struct SilenceSpan(long FromNs, long ToNs, ulong LastBefore, ulong FirstAfter);

/// <summary>
/// <paramref name="Count"/> numbers from <paramref name="FirstSequence"/> on that were lost between two moments: for arrivals those of
/// the datagrams before and after, for round trips the sending of the first and of the last lost one.
/// </summary>
public readonly record struct LossSpan(long FromNs, long ToNs, ulong FirstSequence, long Count);
