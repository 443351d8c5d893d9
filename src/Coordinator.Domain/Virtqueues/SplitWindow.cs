namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// The legal window of a split ring: <c>used_idx</c>, <c>last_avail_idx</c>, <c>avail</c> in this order on the circle, each distance at most the ring size
/// (QEMU <c>virtio_load</c> checks exactly these two).
/// </summary>
/// <param name="Size">Entries of the ring.</param>
/// <param name="Used">Next slot that the device will mark used.</param>
/// <param name="LastAvail">Next entry that the device will take.</param>
/// <param name="Avail">What the guest has published: the avail ring's own index.</param>
public readonly record struct SplitWindow(RingSize Size, FreeRunningIndex Used, FreeRunningIndex LastAvail, FreeRunningIndex Avail)
{
    /// <summary>Entries taken and not returned. Meaningless, and above the ring size, when the window is illegal.</summary>
    public ushort Inflight => FreeRunningIndex.Distance(Used, LastAvail);

    /// <summary>Entries published and not taken: what QEMU prints as <c>delta</c>.</summary>
    public ushort Delta => FreeRunningIndex.Distance(LastAvail, Avail);

    public bool IsInflightLegal => Inflight <= Size.Entries;

    public bool IsDeltaLegal => Delta <= Size.Entries;

    public bool IsLegal => IsInflightLegal && IsDeltaLegal;
}
