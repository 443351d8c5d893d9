using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

/// <summary>The index part of the comparison for split rings: both records final, set up alike, with both indices.</summary>
internal static class SplitComparison
{
    internal static VirtqueueJudgement Compare(VirtqueueObservation source, VirtqueueObservation destination)
    {
        List<string> differences = [];
        AddIndexDifference(differences, "last_avail_idx", source.LastAvailIdx, destination.LastAvailIdx);
        AddIndexDifference(differences, "used_idx", source.UsedIdx, destination.UsedIdx);
        AddIllegalWindow(differences, source, "source");
        AddIllegalWindow(differences, destination, "destination");
        if (destination.Inuse is { } inuse && inuse != destination.Inflight)
        {
            // A load sets inuse = last_avail_idx - used_idx, or 0 when it has given the ring up; the device has not run since.
            differences.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"the destination's QEMU counts {inuse} in flight where its own indices say {destination.Inflight}"));
        }

        if (differences.Count == 0)
        {
            string found = string.Create(CultureInfo.InvariantCulture, $"equal, {source.Inflight} in flight");
            return RingComparison.Judge(source, destination, ParityOutcome.Equal, found);
        }

        if (IsGivenUpByLoad(source, destination))
        {
            differences.Add(
                $"used_idx, shadow_avail_idx and inuse are all 0, which is what QEMU leaves behind after it printed 'VQ {source.Id.Index} size 0x{source.Size.Entries:x} "
                + $"Guest index ... inconsistent with Host index 0x{destination.LastAvailIdx:x}: delta ...' and marked the device broken");
        }

        return RingComparison.Mismatch(source, destination, differences, FirstDelta(source, destination));
    }

    /// <summary>Destination minus source modulo 65536 of the first index that differs.</summary>
    internal static ushort? FirstDelta(VirtqueueObservation source, VirtqueueObservation destination) =>
        Delta(source.LastAvailIdx, destination.LastAvailIdx) ?? Delta(source.UsedIdx, destination.UsedIdx);

    private static ushort? Delta(ushort? source, ushort? destination) =>
        source is { } from && destination is { } to && from != to ? FreeRunningIndex.Distance(new FreeRunningIndex(from), new FreeRunningIndex(to)) : null;

    private static void AddIndexDifference(List<string> differences, string name, ushort? source, ushort? destination)
    {
        if (Delta(source, destination) is { } delta)
        {
            differences.Add($"{name} differs: source {RingRecordText.Index(source)}, destination {RingRecordText.Index(destination)}, delta 0x{delta:x}");
        }
    }

    private static void AddIllegalWindow(List<string> differences, VirtqueueObservation record, string side)
    {
        if (record.Inflight > record.Size.Entries)
        {
            string message = QemuRingLoad.InflightMessage(record.Id.Index, record.Size, record.LastAvailIdx.GetValueOrDefault(), record.UsedIdx.GetValueOrDefault());
            differences.Add($"the {side}'s indices cannot exist, more is in flight than the ring holds ('{message}')");
        }
    }

    private static bool IsGivenUpByLoad(VirtqueueObservation source, VirtqueueObservation destination) =>
        destination is { UsedIdx: 0, ShadowAvailIdx: 0, Inuse: 0 } && (source.UsedIdx != 0 || destination.Inflight != 0);
}
