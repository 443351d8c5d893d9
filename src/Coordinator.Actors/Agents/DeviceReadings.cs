using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Actors.Agents;

/// <summary>Device readings of agents as the domain's observations. What is absent stays absent; what cannot be is refused.</summary>
internal static class DeviceReadings
{
    /// <exception cref="InvalidValueException">A reading holds what no device can have.</exception>
    internal static EquatableList<DeviceObservation> Read(IEnumerable<DeviceReading> devices, RingSide side) =>
        devices.Select(d => Read(d, side)).ToEquatableList();

    private static DeviceObservation Read(DeviceReading device, RingSide side) => new()
    {
        DevicePath = device.Path,
        DeviceName = device.Name,
        GuestFeatures = device.GuestFeatures.ToEquatableList(),
        HostFeatures = device.HostFeatures.ToEquatableList(),
        Broken = device.Broken,
        NeedsReset = device.NeedsReset,
        Started = device.Started,
        VhostStarted = device.VhostStarted,
        Queues = device.Queues.Select(q => Read(device, q, side)).ToEquatableList(),
    };

    private static VirtqueueObservation Read(DeviceReading device, QueueReading queue, RingSide side)
    {
        if (string.IsNullOrWhiteSpace(device.Path) || queue.Index is < 0 or > VirtqueueId.MaxIndex)
        {
            throw new InvalidValueException("queue", $"{device.Path} {queue.Index}", $"a device path and an index of 0 to {VirtqueueId.MaxIndex}");
        }

        return new VirtqueueObservation
        {
            Id = new VirtqueueId(device.Path, queue.Index),
            Side = side,
            Kind = queue.Kind switch
            {
                ReadingKind.Provisional => ObservationKind.Provisional,
                ReadingKind.Final => ObservationKind.Final,
                ReadingKind.Unloaded => ObservationKind.Unloaded,
                _ => throw new InvalidValueException("kind of a queue reading", queue.Kind.ToString(), "provisional, final or unloaded"),
            },
            DeviceName = device.Name,
            DeviceQueueCount = device.Queues.Count,
            Layout = queue.Packed ? RingLayout.Packed : RingLayout.Split,
            Generation = queue.Generation,
            Size = Size(queue.Size),
            DefaultSize = queue.HasDefaultSize ? Size(queue.DefaultSize) : null,
            DescAddress = queue.DescAddress,
            AvailAddress = queue.AvailAddress,
            UsedAddress = queue.UsedAddress,
            LastAvailIdx = queue.HasLastAvailIdx ? Index(queue.LastAvailIdx) : null,
            LastAvailWrap = queue.HasLastAvailWrap ? queue.LastAvailWrap : null,
            UsedIdx = queue.HasUsedIdx ? Index(queue.UsedIdx) : null,
            UsedWrap = queue.HasUsedWrap ? queue.UsedWrap : null,
            ShadowAvailIdx = queue.HasShadowAvailIdx ? Index(queue.ShadowAvailIdx) : null,
            Inuse = queue.HasInuse ? Index(queue.Inuse) : null,
            DeviceStarted = !queue.DeviceStopped,
            NotObservable = queue.NotObservable,
        };
    }

    private static RingSize Size(uint entries) => RingSize.TryCreate(entries, out RingSize size)
        ? size
        : throw new InvalidValueException("ring size", entries.ToString(System.Globalization.CultureInfo.InvariantCulture),
            $"0 to {RingSize.SpecificationMaximum}");

    private static ushort Index(uint value) => value <= ushort.MaxValue
        ? (ushort)value
        : throw new InvalidValueException("ring index", value.ToString(System.Globalization.CultureInfo.InvariantCulture), "16 bits");
}
