using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Virtqueues;
using Coordinator.Qmp.Schema;
using QmpFeatures = Coordinator.Qmp.Schema.VirtioFeatures;

namespace Coordinator.Agent.Qemu;

/// <summary>QMP's words to the wire's, and the wire's to the domain's. A number that QEMU left out stays absent on both ways.</summary>
internal static class ReadingMapping
{
    public static DeviceReading ToWire(VirtioDevice device, VirtioStatus status)
    {
        DeviceReading reading = new()
        {
            Path = device.Path,
            Name = device.Name,
            Broken = status.IsBroken ?? false,
            NeedsReset = status.NeedsReset,
            Started = status.IsStarted ?? false,
            VhostStarted = status.IsVhostStarted ?? false,
        };
        reading.GuestFeatures.AddRange(status.GuestFeatures?.Names ?? []);
        reading.HostFeatures.AddRange(status.HostFeatures?.Names ?? []);
        return reading;
    }

    public static bool IsPacked(DeviceReading device) => device.GuestFeatures.Contains(QmpFeatures.PackedRing);

    public static QueueReading ToWire(VirtioQueueStatus queue, DeviceReading device, VirtioStatus status, ReadingKind kind)
    {
        QueueReading reading = new()
        {
            Index = queue.QueueIndex,
            Kind = kind,
            Packed = IsPacked(device),
            Size = (uint)(queue.RingSize ?? 0),
            DescAddress = queue.DescriptorAddress ?? 0,
            AvailAddress = queue.AvailAddress ?? 0,
            UsedAddress = queue.UsedAddress ?? 0,
            DeviceStopped = !status.IsDriverReady,
        };
        if (queue.DefaultRingSize is { } defaultSize)
        {
            reading.DefaultSize = (uint)defaultSize;
        }

        if (queue.LastAvailIndex is { } lastAvail)
        {
            reading.LastAvailIdx = lastAvail;
        }

        if (queue.UsedIndex is { } used)
        {
            reading.UsedIdx = used;
        }

        if (queue.ShadowAvailIndex is { } shadow)
        {
            reading.ShadowAvailIdx = shadow;
        }

        if (queue.InUse is { } inuse)
        {
            reading.Inuse = inuse;
        }

        return reading;
    }

    public static QueueReading NotObservable(int index, DeviceReading device, ReadingKind kind) =>
        new() { Index = index, Kind = kind, Packed = IsPacked(device), NotObservable = true };

    /// <exception cref="ArgumentException">The peer sent a queue that cannot exist.</exception>
    public static IReadOnlyList<DeviceObservation> ToDomain(IEnumerable<DeviceReading> devices, RingSide side) => [.. devices.Select(device => ToDomain(device, side))];

    private static DeviceObservation ToDomain(DeviceReading device, RingSide side) => new()
    {
        DevicePath = device.Path,
        DeviceName = device.Name,
        GuestFeatures = device.GuestFeatures.ToEquatableList(),
        HostFeatures = device.HostFeatures.ToEquatableList(),
        Broken = device.Broken,
        NeedsReset = device.NeedsReset,
        Started = device.Started,
        VhostStarted = device.VhostStarted,
        Queues = device.Queues.Select(queue => ToDomain(queue, device, side)).ToEquatableList(),
    };

    private static VirtqueueObservation ToDomain(QueueReading queue, DeviceReading device, RingSide side) => new()
    {
        Id = new VirtqueueId(device.Path, queue.Index),
        Side = side,
        Kind = queue.Kind switch
        {
            ReadingKind.Final => ObservationKind.Final,
            ReadingKind.Unloaded => ObservationKind.Unloaded,
            _ => ObservationKind.Provisional,
        },
        DeviceName = device.Name,
        DeviceQueueCount = device.Queues.Count,
        Layout = queue.Packed ? RingLayout.Packed : RingLayout.Split,
        Generation = queue.Generation,
        Size = new RingSize((int)Math.Min(queue.Size, RingSize.SpecificationMaximum)),
        DefaultSize = queue.HasDefaultSize ? new RingSize((int)Math.Min(queue.DefaultSize, RingSize.SpecificationMaximum)) : null,
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

    /// <summary>An index of more than 16 bits is none: absent, so that nothing is proven by it.</summary>
    private static ushort? Index(uint value) => value <= ushort.MaxValue ? (ushort)value : null;
}
