using Coordinator.Domain.Virtqueues;

namespace Coordinator.Domain.Tests.Virtqueues;

/// <summary>Records as QEMU 7.2.22 and 10.0.2 print them for a virtio-net of two pairs (numbers of a measured migration).</summary>
internal static class Rings
{
    internal const string Net0 = "/machine/peripheral/net0/virtio-backend";

    internal static readonly EquatableList<string> Features = ["VIRTIO_F_VERSION_1", "VIRTIO_NET_F_CTRL_VQ", "VIRTIO_NET_F_MQ"];

    internal static VirtqueueObservation Split(
        RingSide side,
        int index = 0,
        int lastAvail = 210,
        int used = 210,
        int? shadow = 454,
        int? inuse = 0,
        int size = 256,
        ObservationKind kind = ObservationKind.Final) => new()
        {
            Id = new VirtqueueId(Net0, index),
            Side = side,
            Kind = kind,
            DeviceName = "virtio-net",
            DeviceQueueCount = 5,
            Layout = RingLayout.Split,
            Size = new RingSize(size),
            DefaultSize = new RingSize(size),
            DescAddress = 43278336,
            AvailAddress = 43282432,
            UsedAddress = 43283008,
            LastAvailIdx = (ushort)lastAvail,
            UsedIdx = (ushort)used,
            ShadowAvailIdx = (ushort?)shadow,
            Inuse = (ushort?)inuse,
        };

    internal static VirtqueueObservation Packed(
        RingSide side,
        int lastAvail,
        int used,
        bool? lastAvailWrap = null,
        bool? usedWrap = null,
        int? inuse = null,
        int size = 256,
        ObservationKind kind = ObservationKind.Final) => Split(side, lastAvail: lastAvail, used: used, shadow: lastAvail, inuse: inuse, size: size, kind: kind) with
        {
            Layout = RingLayout.Packed,
            LastAvailWrap = lastAvailWrap,
            UsedWrap = usedWrap,
        };

    internal static VirtqueueObservation NotSetUp(RingSide side, int index = 2, ObservationKind kind = ObservationKind.Final) =>
        Split(side, index, lastAvail: 0, used: 0, shadow: 0, kind: kind) with { DescAddress = 0, AvailAddress = 0, UsedAddress = 0 };

    /// <summary>What a destination shows after the load, by the prediction of what the load does.</summary>
    internal static VirtqueueObservation Loaded(VirtqueueObservation source, ushort lastAvail, ushort guestAvail, ushort guestUsed)
    {
        RingLoadOutcome outcome = QemuRingLoad.Predict(source.Id.Index, source.Size, source.DescAddress, guestAvail, lastAvail, guestUsed);
        bool givenUp = outcome is RingLoadOutcome.Broken;
        return source with
        {
            Side = RingSide.Destination,
            LastAvailIdx = lastAvail,
            UsedIdx = givenUp ? (ushort)0 : guestUsed,
            ShadowAvailIdx = givenUp ? (ushort)0 : guestAvail,
            Inuse = outcome is RingLoadOutcome.Ok ok ? ok.Inuse : (ushort)0,
        };
    }

    /// <summary>A device of two pairs and a control queue, each queue at the given indices.</summary>
    internal static DeviceObservation Device(RingSide side, string path = Net0, params int[] lastAvail)
    {
        int[] indices = lastAvail.Length == 0 ? [12, 16, 0, 0, 10] : lastAvail;
        return new DeviceObservation
        {
            DevicePath = path,
            DeviceName = "virtio-net",
            GuestFeatures = Features,
            Started = true,
            Queues = indices.Select((at, index) =>
                Split(side, index, at, at, at) with { Id = new VirtqueueId(path, index), DeviceQueueCount = indices.Length }).ToEquatableList(),
        };
    }

    internal static DeviceObservation WithQueue(this DeviceObservation device, int index, Func<VirtqueueObservation, VirtqueueObservation> change) =>
        device with { Queues = device.Queues.SetItem(index, change(device.Queues[index])) };
}
