namespace Coordinator.Domain.Virtqueues;

/// <summary>Whether a queue may be migrated at all: its configuration is the same on both sides.</summary>
public abstract record QueueReadiness
{
    private QueueReadiness()
    {
    }

    /// <summary>Nothing that can be compared before the migration differs.</summary>
    public sealed record Ready : QueueReadiness;

    public sealed record NotReady(string Reason) : QueueReadiness;
}

/// <summary>
/// What can be known of a queue before the guest's state has travelled: whether it exists, what size the device offers, and what the guest has negotiated so far.
/// </summary>
public sealed record QueueConfiguration
{
    public required VirtqueueId Id { get; init; }

    public required string DeviceName { get; init; }

    /// <summary><c>num-vqs</c> as the device shows it now.</summary>
    public required int DeviceQueueCount { get; init; }

    /// <summary><c>vring-num-default</c>. Null while vhost is started: the query that shows it would stop the ring.</summary>
    public RingSize? DefaultSize { get; init; }

    /// <summary>The guest uses packed rings.</summary>
    public bool IsPackedNegotiated { get; init; }

    /// <summary>The device offers packed rings. Null when its offer was not read.</summary>
    public bool? OffersPacked { get; init; }

    /// <summary>An index or an address is not 0. Expected on a source, impossible on a destination that waits for its stream.</summary>
    public bool HoldsState { get; init; }

    public QueueName Name => QueueName.Of(DeviceName, Id.Index, DeviceQueueCount);

    /// <summary>
    /// A virtio-net whose guest did not negotiate MQ or RSS (firmware, small guests) removes its further pairs and moves ctrl to index 2. A destination whose guest's features
    /// are not loaded yet shows all pairs up to QEMU 7.2 and only the first one in QEMU 10.0, which adds the others while it loads (virtio_net_pre_load_queues; measured on
    /// 7.2.22 and 10.0.2). Only the first pair has the same meaning on both sides then.
    /// </summary>
    public bool HidesFurtherPairs { get; init; }

    /// <summary>Null when the device does not have this queue; one that is only hidden until a guest negotiates MQ has a configuration without a size.</summary>
    public static QueueConfiguration? Of(DeviceObservation device, int index)
    {
        ArgumentNullException.ThrowIfNull(device);
        VirtqueueObservation? queue = device.Queues.FirstOrDefault(q => q?.Id.Index == index);
        return queue is null
            ? Hidden(device, index)
            : new QueueConfiguration
            {
                Id = queue.Id,
                DeviceName = device.DeviceName,
                DeviceQueueCount = device.Queues.Count,
                DefaultSize = queue.DefaultSize,
                IsPackedNegotiated = VirtioFeatures.Contains(device.GuestFeatures, VirtioFeatures.RingPacked),
                HidesFurtherPairs = HidesPairs(device),
                OffersPacked = device.HostFeatures.IsEmpty ? null : VirtioFeatures.Contains(device.HostFeatures, VirtioFeatures.RingPacked),
                HoldsState = queue is { NotObservable: false } and ({ DescAddress: not 0 } or { LastAvailIdx: not (null or 0) } or { UsedIdx: not (null or 0) }),
            };
    }

    internal static bool HidesPairs(DeviceObservation device) =>
        device.DeviceName == "virtio-net" && !IsMultiqueue(device.GuestFeatures) && (!device.GuestFeatures.IsEmpty || WaitsWithOnePair(device));

    private const int QueuesOfOnePair = 3;

    /// <summary>No guest has spoken to it, and it offers more than the one pair that it shows.</summary>
    private static bool WaitsWithOnePair(DeviceObservation device) =>
        device.GuestFeatures.IsEmpty && device.Queues.Count == QueuesOfOnePair && IsMultiqueue(device.HostFeatures);

    private static bool IsMultiqueue(EquatableList<string> features) =>
        VirtioFeatures.Contains(features, VirtioFeatures.NetMultiqueue) || VirtioFeatures.Contains(features, VirtioFeatures.NetRss);

    private static QueueConfiguration? Hidden(DeviceObservation device, int index) => HidesPairs(device) && WaitsWithOnePair(device)
        ? new QueueConfiguration
        {
            Id = new VirtqueueId(device.DevicePath, index),
            DeviceName = device.DeviceName,
            DeviceQueueCount = device.Queues.Count,
            HidesFurtherPairs = true,
            OffersPacked = VirtioFeatures.Contains(device.HostFeatures, VirtioFeatures.RingPacked),
        }
        : null;
}

/// <summary>The rule behind a queue's <c>Ready</c>.</summary>
public static class ReadinessRule
{
    public static QueueReadiness Judge(VirtqueueId id, QueueConfiguration? source, QueueConfiguration? destination) =>
        Difference(id, source, destination) is { } difference
            ? new QueueReadiness.NotReady($"{id.DeviceLabel} {source?.Name.Text ?? destination?.Name.Text ?? $"queue {id.Index}"}: {difference}")
            : new QueueReadiness.Ready();

    /// <summary>The first thing that differs, without the name of the queue; null when nothing does.</summary>
    internal static string? Difference(VirtqueueId id, QueueConfiguration? source, QueueConfiguration? destination)
    {
        if (source is null)
        {
            return "the source's device does not list this queue";
        }

        if (source.Id != id || (destination is not null && destination.Id != id))
        {
            return $"the configuration is of another queue, {(source.Id != id ? source.Id : destination?.Id)}";
        }

        if (destination is not null && source.DeviceName != destination.DeviceName)
        {
            return $"the device is '{source.DeviceName}' on the source and '{destination.DeviceName}' on the destination";
        }

        if (destination is not null && !source.HidesFurtherPairs && !destination.HidesFurtherPairs && source.DeviceQueueCount != destination.DeviceQueueCount)
        {
            return $"the device has {source.DeviceQueueCount} queues on the source and {destination.DeviceQueueCount} on the destination";
        }

        return destination is null ? "the destination's device does not have this queue" : StateOrOffer(source, destination);
    }

    private static string? StateOrOffer(QueueConfiguration source, QueueConfiguration destination)
    {
        if (destination.HoldsState)
        {
            return "the destination's queue already holds state, so its QEMU is not a fresh one that waits for this stream";
        }

        if (source.IsPackedNegotiated && destination.OffersPacked == false)
        {
            return "the guest uses packed rings and the destination's device does not offer them (packed=on is missing)";
        }

        bool sameMeaning = (!source.HidesFurtherPairs && !destination.HidesFurtherPairs) || source.Id.Index < 2;
        return sameMeaning && source.DefaultSize is { } offered && destination.DefaultSize is { } other && offered != other
            ? $"the device offers {offered} entries on the source and {other} on the destination (rx_queue_size, tx_queue_size, queue-size)"
            : null;
    }
}
