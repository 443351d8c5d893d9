namespace Coordinator.LabPeer;

/// <summary>
/// Follows the peer's own datagrams of one flow and their echoes. Only the newest <see cref="Window"/> numbers are remembered one by
/// one; at 250 per second that is four minutes, and older ones were judged when they left the window.
/// </summary>
public sealed class RoundTripRecord(int flow)
{
    /// <summary>An echo later than this counts as lost: far above any blackout that a test accepts.</summary>
    public const int GraceMs = 2_000;
    public const int Window = 1 << 16;
    const long GraceNs = GraceMs * 1_000_000L;
    const long Back = -1;

    // Send time of number n at n % Window; Back once its echo came.
    readonly long[] sentAtNs = new long[Window];
    readonly List<LossSpan> settledLosses = [];
    long settledLost, returned, repeated, slowestNs;
    ulong sent, settled;

    public ulong NextSequence => sent + 1;

    public void Sent(long atNs)
    {
        sent++;
        if (sent > Window)
            Settle(sent - Window);
        sentAtNs[sent % Window] = atNs;
    }

    public void Returned(ulong sequence, long atNs)
    {
        if (sequence == 0 || sequence > sent || sequence <= settled)
            return;
        ref var at = ref sentAtNs[sequence % Window];
        if (at == Back)
        {
            repeated++;
            return;
        }
        slowestNs = Math.Max(slowestNs, atNs - at);
        at = Back;
        returned++;
    }

    public RoundTripReport Report(long nowNs)
    {
        var losses = new List<LossSpan>(settledLosses);
        long lost = settledLost, outstanding = 0;
        for (var sequence = settled + 1; sequence <= sent; sequence++)
        {
            var at = sentAtNs[sequence % Window];
            if (at == Back)
                continue;
            if (nowNs - at < GraceNs)
            {
                outstanding++;
                continue;
            }
            lost++;
            Extend(losses, sequence, at);
        }
        return new(flow, (long)sent, returned, repeated, lost, outstanding, slowestNs, losses);
    }

    void Settle(ulong sequence)
    {
        settled = sequence;
        var at = sentAtNs[sequence % Window];
        if (at == Back)
            return;
        settledLost++;
        Extend(settledLosses, sequence, at);
    }

    static void Extend(List<LossSpan> losses, ulong sequence, long atNs)
    {
        if (losses.Count > 0 && losses[^1] is var last && last.FirstSequence + (ulong)last.Count == sequence)
            losses[^1] = last with { ToNs = atNs, Count = last.Count + 1 };
        else if (losses.Count < ArrivalRecord.ListLimit)
            losses.Add(new(atNs, atNs, sequence, 1));
    }
}
