using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// The index part of the comparison for packed rings. QEMU loads a packed ring without any check, so this is the only check there is. inuse is compared as well: it
/// travels in the stream (<c>packed_virtqueue_state</c>), and with hidden wrap counters it is all that tells an empty ring from a full one.
/// </summary>
internal static class PackedComparison
{
    internal static VirtqueueJudgement Compare(VirtqueueObservation source, VirtqueueObservation destination)
    {
        List<string> differences = [];
        AddIndexDifference(differences, "last_avail_idx", source.LastAvailIdx, destination.LastAvailIdx, source.Size);
        AddIndexDifference(differences, "used_idx", source.UsedIdx, destination.UsedIdx, source.Size);
        AddWrapDifference(differences, "last_avail", source.LastAvailWrap, destination.LastAvailWrap);
        AddWrapDifference(differences, "used", source.UsedWrap, destination.UsedWrap);
        if (source.Inuse is { } sourceInuse && destination.Inuse is { } destinationInuse && sourceInuse != destinationInuse)
        {
            differences.Add(string.Create(CultureInfo.InvariantCulture, $"inuse differs: source {sourceInuse}, destination {destinationInuse}"));
        }

        AddImpossible(differences, source, "source");
        AddImpossible(differences, destination, "destination");
        if (differences.Count > 0)
        {
            return RingComparison.Mismatch(source, destination, differences, FirstDelta(source, destination));
        }

        return AllWrapsShown(source) && AllWrapsShown(destination)
            ? RingComparison.Judge(source, destination, ParityOutcome.Equal, string.Create(CultureInfo.InvariantCulture, $"equal, {source.Inflight} in flight"))
            : RingComparison.Judge(
                source,
                destination,
                ParityOutcome.LapBlind,
                "the indices agree, but a packed ring's wrap counters are not shown: an error of a whole lap would look the same");
    }

    /// <summary>Destination minus source, modulo the ring, or modulo its two laps where both wrap counters are shown.</summary>
    private static ushort? FirstDelta(VirtqueueObservation source, VirtqueueObservation destination) =>
        Delta(source.LastAvailIdx, destination.LastAvailIdx, source.PackedLastAvail, destination.PackedLastAvail, source.Size)
        ?? Delta(source.UsedIdx, destination.UsedIdx, source.PackedUsed, destination.PackedUsed, source.Size);

    private static ushort? Delta(ushort? source, ushort? destination, PackedIndex? sourceLap, PackedIndex? destinationLap, RingSize size)
    {
        if (sourceLap is { } from && destinationLap is { } to && from.IsWithin(size) && to.IsWithin(size))
        {
            return from == to ? null : (ushort)PackedIndex.Distance(from, to, size);
        }

        return source == destination ? null : ModuloRing(source.GetValueOrDefault(), destination.GetValueOrDefault(), size);
    }

    private static void AddIndexDifference(List<string> differences, string name, ushort? source, ushort? destination, RingSize size)
    {
        if (source != destination)
        {
            ushort delta = ModuloRing(source.GetValueOrDefault(), destination.GetValueOrDefault(), size);
            differences.Add($"{name} differs: source {RingRecordText.Index(source)}, destination {RingRecordText.Index(destination)}, delta 0x{delta:x} in a ring of {size}");
        }
    }

    private static ushort ModuloRing(ushort source, ushort destination, RingSize size)
    {
        if (!size.Exists)
        {
            return unchecked((ushort)(destination - source));
        }

        int steps = (destination - source) % size.Entries;
        return (ushort)(steps < 0 ? steps + size.Entries : steps);
    }

    private static void AddWrapDifference(List<string> differences, string name, bool? source, bool? destination)
    {
        if (source is { } from && destination is { } to && from != to)
        {
            differences.Add($"the {name} wrap counter differs: source {(from ? 1 : 0)}, destination {(to ? 1 : 0)}");
        }
    }

    private static void AddImpossible(List<string> differences, VirtqueueObservation record, string side)
    {
        int lastAvail = record.LastAvailIdx.GetValueOrDefault();
        // Some QEMU versions leak the used wrap counter into bit 15 of used_idx; the stream carries it along, so both sides show it.
        int used = record.UsedIdx.GetValueOrDefault() & PackedRingBase.PositionMask;
        if (lastAvail >= record.Size.Entries || used >= record.Size.Entries)
        {
            differences.Add($"the {side}'s index lies outside its ring of {record.Size}");
        }
        else if (AllWrapsShown(record) && record.Inflight is null)
        {
            differences.Add($"the {side}'s indices cannot exist, what is in flight is not between 0 and the size {record.Size}");
        }
    }

    private static bool AllWrapsShown(VirtqueueObservation record) => record.LastAvailWrap is not null && record.UsedWrap is not null;
}
