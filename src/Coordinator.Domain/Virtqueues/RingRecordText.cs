using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

/// <summary>Records in words. Numbers stand in decimal, as QMP prints them, and in hexadecimal, as QEMU's error messages do.</summary>
internal static class RingRecordText
{
    internal static string Both(VirtqueueObservation source, VirtqueueObservation destination) =>
        $"Source record: {Of(source)}; destination record: {Of(destination)}.";

    internal static string Of(VirtqueueObservation record)
    {
        string inflight = record.Inflight is { } entries ? string.Create(CultureInfo.InvariantCulture, $"{entries} in flight") : "in flight unknown";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"last_avail_idx {Index(record.LastAvailIdx, record.LastAvailWrap)}, used_idx {Index(record.UsedIdx, record.UsedWrap)}, {inflight}, "
            + $"{record.Size.Entries} entries, desc 0x{record.DescAddress:x}, avail 0x{record.AvailAddress:x}, used 0x{record.UsedAddress:x}");
    }

    internal static string Index(ushort? index, bool? wrap = null)
    {
        if (index is not { } value)
        {
            return "not shown";
        }

        string number = string.Create(CultureInfo.InvariantCulture, $"{value} (0x{value:x})");
        return wrap is { } lap ? $"{number} lap {(lap ? 1 : 0)}" : number;
    }
}
