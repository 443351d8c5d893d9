namespace Coordinator.LabPeer;

/// <summary>
/// Follows the numbers of one flow of the guest. Memory is bounded: at most <see cref="ListLimit"/> gaps, loss spans and repetitions are kept; what
/// is missing beyond that is still counted.
/// </summary>
public sealed class ArrivalRecord(int flow, long gapThresholdNs)
{
    public const int ListLimit = 4096;

    readonly List<SilenceSpan> gaps = [];
    readonly List<LossSpan> losses = [];
    readonly List<Repetition> repetitions = [];
    readonly HashSet<uint> boots = [];
    uint boot;
    ulong first, highest;
    long received, repeated, late, missing, lastAtNs, largestGapNs;

    public void Observe(in Datagram datagram, long atNs)
    {
        if (received == 0 || datagram.Boot != boot)
            Begin(datagram);
        else if (datagram.Sequence > highest)
            Advance(datagram.Sequence, atNs);
        else
            FillOrRepeat(datagram.Sequence, atNs);
        lastAtNs = atNs;
    }

    public ArrivalReport Report() =>
        new(flow, received, missing, repeated, late, boots.Count, first, highest, largestGapNs, [.. gaps], [.. losses], [.. repetitions]);

    void Begin(in Datagram datagram)
    {
        boot = datagram.Boot;
        boots.Add(boot);
        first = highest = datagram.Sequence;
        received++;
    }

    void Advance(ulong sequence, long atNs)
    {
        var silenceNs = atNs - lastAtNs;
        largestGapNs = Math.Max(largestGapNs, silenceNs);
        if (silenceNs >= gapThresholdNs && gaps.Count < ListLimit)
            gaps.Add(new(lastAtNs, atNs, highest, sequence));
        var skipped = (long)(sequence - highest - 1);
        missing += skipped;
        if (skipped > 0 && losses.Count < ListLimit)
            losses.Add(new(lastAtNs, atNs, highest + 1, skipped));
        highest = sequence;
        received++;
    }

    void FillOrRepeat(ulong sequence, long atNs)
    {
        if (sequence < first)
        {
            // The first to arrive need not be the first sent: what waited for the guest's ARP answer is sent after what was sent upon it.
            if (first - sequence > 1)
            {
                missing += (long)(first - sequence - 1);
                losses.Insert(0, new(atNs, atNs, sequence + 1, (long)(first - sequence - 1)));
            }
            first = sequence;
            late++;
            received++;
            return;
        }
        var index = losses.FindIndex(span => sequence >= span.FirstSequence && sequence < span.FirstSequence + (ulong)span.Count);
        if (index < 0)
        {
            repeated++;
            if (repetitions.Count < ListLimit)
                repetitions.Add(new(atNs, sequence, highest));
            return;
        }
        var span = losses[index];
        var before = (long)(sequence - span.FirstSequence);
        var after = span.Count - before - 1;
        losses.RemoveAt(index);
        if (after > 0)
            losses.Insert(index, span with { FirstSequence = sequence + 1, Count = after });
        if (before > 0)
            losses.Insert(index, span with { Count = before });
        missing--;
        late++;
        received++;
    }
}
