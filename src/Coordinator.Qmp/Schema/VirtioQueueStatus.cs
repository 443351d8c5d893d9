using System.Text.Json;

namespace Coordinator.Qmp.Schema;

/// <summary>
/// The reply of <c>x-query-virtio-queue-status</c>. Ask only while the VM is stopped: on a running vhost-user device the query stops
/// the ring, and its indices are then missing or meaningless (measured on 10.0.2). "Unstable" in QEMU: fields may be absent.
/// </summary>
public sealed record VirtioQueueStatus
{
    public required string DeviceName { get; init; }

    public required int QueueIndex { get; init; }

    /// <summary>Entries of the ring as set up; 256 by default on virtio-net.</summary>
    public int? RingSize { get; init; }

    public int? DefaultRingSize { get; init; }

    public int? AlignmentBytes { get; init; }

    /// <summary>Guest-physical addresses; 0 until the driver has set the queue up, and on a destination before the load.</summary>
    public ulong? DescriptorAddress { get; init; }

    public ulong? AvailAddress { get; init; }

    public ulong? UsedAddress { get; init; }

    /// <summary>Absent for a ring whose vhost backend did not tell it.</summary>
    public ushort? LastAvailIndex { get; init; }

    /// <summary>QEMU's last look at the guest's index; absent with vhost, and differs legally between source and destination.</summary>
    public ushort? ShadowAvailIndex { get; init; }

    public ushort? UsedIndex { get; init; }

    /// <summary>Not migrated: 0 and invalid after a load.</summary>
    public ushort? SignalledUsedIndex { get; init; }

    public bool? IsSignalledUsedValid { get; init; }

    /// <summary>Buffers popped and not yet returned.</summary>
    public uint? InUse { get; init; }

    /// <summary>False when the driver has not given the queue any memory; null when QEMU does not say.</summary>
    public bool? IsSetUp => DescriptorAddress is { } address ? address != 0 : null;

    public static VirtioQueueStatus Parse(JsonElement reply)
    {
        var fields = SchemaFields.Of(reply, "x-query-virtio-queue-status");
        return new VirtioQueueStatus
        {
            DeviceName = fields.Text("name"),
            QueueIndex = (int)fields.Unsigned("queue-index", ushort.MaxValue),
            RingSize = (int?)fields.UnsignedOrNull("vring-num", int.MaxValue),
            DefaultRingSize = (int?)fields.UnsignedOrNull("vring-num-default", int.MaxValue),
            AlignmentBytes = (int?)fields.UnsignedOrNull("vring-align", int.MaxValue),
            DescriptorAddress = fields.UnsignedOrNull("vring-desc"),
            AvailAddress = fields.UnsignedOrNull("vring-avail"),
            UsedAddress = fields.UnsignedOrNull("vring-used"),
            LastAvailIndex = (ushort?)fields.UnsignedOrNull("last-avail-idx", ushort.MaxValue),
            ShadowAvailIndex = (ushort?)fields.UnsignedOrNull("shadow-avail-idx", ushort.MaxValue),
            UsedIndex = (ushort?)fields.UnsignedOrNull("used-idx", ushort.MaxValue),
            SignalledUsedIndex = (ushort?)fields.UnsignedOrNull("signalled-used", ushort.MaxValue),
            IsSignalledUsedValid = fields.FlagOrNull("signalled-used-valid"),
            InUse = (uint?)fields.UnsignedOrNull("inuse", uint.MaxValue),
        };
    }
}
