namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// One virtqueue of one device. <paramref name="DevicePath"/> is the QOM path that <c>x-query-virtio</c> lists, for instance
/// <c>/machine/peripheral/net0/virtio-backend</c>; it is the same on source and destination when both were started from one definition.
/// </summary>
/// <exception cref="ArgumentException">The path is empty or blank, or the index is not 0..1023 (VIRTIO_QUEUE_MAX of QEMU is 1024).</exception>
public readonly record struct VirtqueueId(string DevicePath, int Index)
{
    public const int MaxIndex = 1023;

    public string DevicePath { get; } = CheckedPath(DevicePath);

    public int Index { get; } = CheckedIndex(Index);

    /// <summary>The id that the person who wrote the definition knows: <c>net0</c>.</summary>
    public string DeviceLabel => Virtqueues.DeviceLabel.Of(DevicePath);

    public override string ToString() => $"{DeviceLabel} queue {Index}";

    private static string CheckedPath(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof(DevicePath));
        return path;
    }

    private static int CheckedIndex(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index, nameof(Index));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, MaxIndex, nameof(Index));
        return index;
    }
}
