namespace Coordinator.Domain.Virtqueues;

public enum ObservationKind
{
    /// <summary>Read while the guest ran: for progress and dashboards, never for a decision.</summary>
    Provisional,

    /// <summary>Read while the device was stopped and held the guest's state: source from pre-switchover on, destination after the load and before <c>cont</c>.</summary>
    Final,

    /// <summary>A destination that waits for the stream: only what the definition gives it, all indices and addresses 0. Says nothing about the guest.</summary>
    Unloaded,
}

public enum RingSide
{
    Source,
    Destination,
}

/// <summary>Where a ring lies in the guest's memory. When any of it changes, the driver has set up another ring.</summary>
public readonly record struct RingMemory(RingLayout Layout, RingSize Size, ulong DescAddress, ulong AvailAddress, ulong UsedAddress);

/// <summary>
/// What one reading of one virtqueue said (<c>x-query-virtio-queue-status</c>). Fields that the hypervisor left out are null: the command is marked unstable, and a
/// missing number must not become 0. Indices are the raw 16 bits, for both layouts.
/// </summary>
public sealed record VirtqueueObservation
{
    public required VirtqueueId Id { get; init; }

    public required RingSide Side { get; init; }

    public required ObservationKind Kind { get; init; }

    /// <summary>QEMU's name of the device type, for instance <c>virtio-net</c>.</summary>
    public string DeviceName { get; init; } = "";

    /// <summary><c>num-vqs</c> of the device, 0 when it is not known. Needed to name the control queue.</summary>
    public int DeviceQueueCount { get; init; }

    public required RingLayout Layout { get; init; }

    /// <summary>
    /// How often this ring was set up or reset while somebody watched, from 1 on. 0 means that the observer does not count (a freshly loaded destination): such a
    /// record is comparable with any.
    /// </summary>
    public int Generation { get; init; }

    /// <summary><c>vring-num</c>: the size that the driver chose, or the default as long as none did.</summary>
    public required RingSize Size { get; init; }

    /// <summary><c>vring-num-default</c>: what the device offers. Null when it could not be read.</summary>
    public RingSize? DefaultSize { get; init; }

    /// <summary>Guest-physical address of the descriptor table; 0 means that the driver has not set the queue up.</summary>
    public ulong DescAddress { get; init; }

    /// <summary>Guest-physical address of the driver's part (avail ring, or driver event suppression).</summary>
    public ulong AvailAddress { get; init; }

    /// <summary>Guest-physical address of the device's part (used ring, or device event suppression).</summary>
    public ulong UsedAddress { get; init; }

    public ushort? LastAvailIdx { get; init; }

    /// <summary>Packed only. Null where it is not shown: QMP never shows it.</summary>
    public bool? LastAvailWrap { get; init; }

    public ushort? UsedIdx { get; init; }

    /// <summary>Packed only. Null where it is not shown: QMP never shows it.</summary>
    public bool? UsedWrap { get; init; }

    /// <summary>
    /// The guest's avail index as the device last read it. Never compared between the sides: a load reads it anew from guest memory (measured: 0 on the source and
    /// 256 on the destination for a queue that was never kicked; 1719 and 1957 with vhost-user).
    /// </summary>
    public ushort? ShadowAvailIdx { get; init; }

    /// <summary>
    /// QEMU's own count of elements in flight. Not compared for split rings, where a load computes it from the indices and a vhost source does not keep it; for
    /// packed rings it travels in the stream.
    /// </summary>
    public ushort? Inuse { get; init; }

    /// <summary>False once the driver has taken DRIVER_OK back.</summary>
    public bool DeviceStarted { get; init; } = true;

    /// <summary>
    /// The ring was not read, because vhost is started: the query would ask the backend for its vring base, which stops the guest's ring (measured with vhost-user), and
    /// print a return code in place of the index.
    /// </summary>
    public bool NotObservable { get; init; }

    public bool IsSetUp => DescAddress != 0;

    public RingMemory Memory => new(Layout, Size, DescAddress, AvailAddress, UsedAddress);

    public QueueName Name => QueueName.Of(DeviceName, Id.Index, DeviceQueueCount);

    /// <summary><c>net0 rx1</c></summary>
    public string Label => $"{Id.DeviceLabel} {Name.Text}";

    /// <summary>
    /// Entries in flight, derived from the indices (inflight = last_avail_idx - used_idx), since QEMU's own count is not kept by vhost. Null when an index is missing,
    /// when a packed ring's wrap counters are hidden, or when a packed pair cannot exist. A split value above the ring size is an illegal window.
    /// </summary>
    public int? Inflight
    {
        get
        {
            if (LastAvailIdx is not { } lastAvail || UsedIdx is not { } used)
            {
                return null;
            }

            if (Layout == RingLayout.Split)
            {
                return FreeRunningIndex.Distance(new FreeRunningIndex(used), new FreeRunningIndex(lastAvail));
            }

            return PackedLastAvail is { } packedLastAvail && PackedUsed is { } packedUsed ? PackedIndex.Inflight(packedUsed, packedLastAvail, Size) : null;
        }
    }

    /// <summary>last_avail_idx of a packed ring with its wrap counter; null when either is hidden or the number is no position.</summary>
    public PackedIndex? PackedLastAvail => Packed(LastAvailIdx, LastAvailWrap);

    /// <summary>used_idx of a packed ring with its wrap counter. Without bit 15, into which some QEMU versions leak the counter.</summary>
    public PackedIndex? PackedUsed => Packed(UsedIdx is { } raw ? (ushort)(raw & PackedRingBase.PositionMask) : null, UsedWrap);

    private PackedIndex? Packed(ushort? position, bool? wrap) =>
        Layout == RingLayout.Packed && position is { } at && wrap is { } lap && at <= PackedIndex.MaxPosition ? new PackedIndex(at, lap) : null;
}
