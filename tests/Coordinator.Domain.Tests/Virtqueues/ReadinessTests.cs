using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class ReadinessTests
{
    private static readonly EquatableList<string> s_offer = [.. Rings.Features, "VIRTIO_NET_F_RSS"];
    private static readonly DeviceObservation s_source = Running(Rings.Device(RingSide.Source));
    private static readonly DeviceObservation s_destination = Waiting(s_source);

    [Fact]
    public void Readiness_RunningSourceAndWaitingDestination_IsReadyForEveryQueue()
    {
        foreach (VirtqueueObservation queue in s_source.Queues)
        {
            Assert.IsType<QueueReadiness.Ready>(Readiness(queue.Id.Index, s_source, s_destination));
        }

        Assert.Empty(LayoutComparison.Compare([s_source], [s_destination]));
    }

    [Fact]
    public void Readiness_UnreadSizesOfAVhostSource_DoNotHoldItUp()
    {
        DeviceObservation vhost = s_source with
        {
            VhostStarted = true,
            Queues = s_source.Queues.Select(q => q with { NotObservable = true, DefaultSize = null, DescAddress = 0, LastAvailIdx = null, UsedIdx = null }).ToEquatableList(),
        };

        Assert.IsType<QueueReadiness.Ready>(Readiness(0, vhost, s_destination));
        Assert.Empty(LayoutComparison.Compare([vhost], [s_destination]));
    }

    public static TheoryData<string, string> Differences => new()
    {
        { "size", "net0 rx0: the device offers 256 entries on the source and 1024 on the destination" },
        { "count", "net0 rx0: the device has 5 queues on the source and 7 on the destination" },
        { "device", "net0 rx0: the device is 'virtio-net' on the source and 'virtio-blk' on the destination" },
        { "state", "net0 rx0: the destination's queue already holds state" },
        { "packed", "net0 rx0: the guest uses packed rings and the destination's device does not offer them" },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public void Readiness_Difference_IsNotReadyWithASentence(string what, string reason)
    {
        DeviceObservation source = what == "packed" ? s_source with { GuestFeatures = s_source.GuestFeatures.Add("VIRTIO_F_RING_PACKED: words") } : s_source;
        DeviceObservation destination = what switch
        {
            "size" => s_destination.WithQueue(0, q => q with { DefaultSize = new RingSize(1024) }),
            "count" => Waiting(Rings.Device(RingSide.Destination, Rings.Net0, 0, 0, 0, 0, 0, 0, 0)),
            "device" => s_destination with { DeviceName = "virtio-blk" },
            "state" => s_destination.WithQueue(0, q => q with { LastAvailIdx = 12 }),
            _ => s_destination,
        };

        Assert.StartsWith(reason, Assert.IsType<QueueReadiness.NotReady>(Readiness(0, source, destination)).Reason, StringComparison.Ordinal);
        Assert.NotEmpty(LayoutComparison.Compare([source], [destination]));
    }

    [Fact]
    public void Readiness_QueueOrConfigurationMissing_IsNotReady()
    {
        VirtqueueTrack track = VirtqueueTrack.For(new VirtqueueId(Rings.Net0, 0));
        QueueConfiguration rx0 = QueueConfiguration.Of(s_source, 0)!;

        Assert.Null(QueueConfiguration.Of(s_source, 5));
        Assert.IsType<QueueReadiness.NotReady>(track.Readiness(null, rx0));
        Assert.IsType<QueueReadiness.NotReady>(track.Readiness(rx0, null));
        Assert.IsType<QueueReadiness.NotReady>(track.Readiness(rx0, QueueConfiguration.Of(s_destination, 1)));
        Assert.IsType<QueueReadiness.NotReady>(track.Readiness(QueueConfiguration.Of(s_source, 1), rx0));
    }

    /// <summary>QEMU removes the further pairs of a virtio-net whose guest did not negotiate MQ; a fresh destination still shows them.</summary>
    [Fact]
    public void Readiness_GuestWithoutMultiqueue_IsNotRefusedForTheQueuesItHides()
    {
        DeviceObservation single = Running(Rings.Device(RingSide.Source, Rings.Net0, 12, 16, 3) with { GuestFeatures = ["VIRTIO_F_VERSION_1", "VIRTIO_NET_F_CTRL_VQ"] })
            .WithQueue(2, q => q with { DefaultSize = new RingSize(64) });

        foreach (int queue in new[] { 0, 1, 2 })
        {
            Assert.IsType<QueueReadiness.Ready>(Readiness(queue, single, s_destination));
        }

        Assert.Empty(LayoutComparison.Compare([single], [s_destination]));
        Assert.NotEmpty(LayoutComparison.Compare([single with { GuestFeatures = single.GuestFeatures.Add("VIRTIO_NET_F_MQ") }], [s_destination]));
    }

    /// <summary>QEMU 10.0 shows one pair until the guest's features are loaded, with ctrl of 64 entries at index 2.</summary>
    [Fact]
    public void Readiness_DestinationThatShowsOnePairUntilItLoads_IsReadyForAll()
    {
        DeviceObservation modern = Waiting(Rings.Device(RingSide.Destination, Rings.Net0, 0, 0, 0)).WithQueue(2, q => q with { DefaultSize = new RingSize(64) });

        foreach (VirtqueueObservation queue in s_source.Queues)
        {
            Assert.IsType<QueueReadiness.Ready>(Readiness(queue.Id.Index, s_source, modern));
        }

        Assert.Empty(LayoutComparison.Compare([s_source], [modern]));
        DeviceObservation singleQueue = modern with { HostFeatures = ["VIRTIO_F_VERSION_1", "VIRTIO_NET_F_CTRL_VQ"] };
        Assert.NotEmpty(LayoutComparison.Compare([s_source], [singleQueue]));
        Assert.IsType<QueueReadiness.NotReady>(Readiness(4, s_source, singleQueue));
    }

    [Fact]
    public void LayoutComparison_WhatConcernsAllQueues_IsSaidOnce()
    {
        EquatableList<DeviceFinding> findings = LayoutComparison.Compare([s_source], [Waiting(Rings.Device(RingSide.Destination, Rings.Net0, 0, 0, 0, 0, 0, 0, 0))]);

        Assert.Equal(["net0: the device has 5 queues on the source and 7 on the destination"], findings.Select(f => f.Reason));
    }

    [Fact]
    public void LayoutComparison_WhatConcernsSomeQueues_NamesThem()
    {
        DeviceObservation destination = s_destination.WithQueue(1, q => q with { DefaultSize = new RingSize(512) }).WithQueue(3, q => q with { DefaultSize = new RingSize(512) });

        Assert.Equal(
            ["net0: tx0, tx1: the device offers 256 entries on the source and 512 on the destination (rx_queue_size, tx_queue_size, queue-size)"],
            LayoutComparison.Compare([s_source], [destination]).Select(f => f.Reason));
    }

    public static TheoryData<string, string> DeviceDifferences => new()
    {
        { "missing", "net0: the destination does not have this device ('virtio-net')" },
        { "extra", "disk0: only the destination has this device ('virtio-net')" },
        { "broken", "net0: the device is already broken on the source" },
        { "features", "net0: the guest uses features that the destination's device does not offer: VIRTIO_NET_F_MQ" },
        { "no queues", "net0: the device has 0 queues on the source and 5 on the destination" },
    };

    [Theory]
    [MemberData(nameof(DeviceDifferences))]
    public void LayoutComparison_DeviceDifference_IsFound(string what, string reason)
    {
        DeviceObservation disk = Waiting(Rings.Device(RingSide.Source, "/machine/peripheral/disk0/virtio-backend", 3));
        EquatableList<DeviceFinding> findings = what switch
        {
            "missing" => LayoutComparison.Compare([s_source], []),
            "extra" => LayoutComparison.Compare([s_source], [s_destination, disk]),
            "broken" => LayoutComparison.Compare([s_source with { Broken = true }], [s_destination]),
            "features" => LayoutComparison.Compare([s_source], [s_destination with { HostFeatures = ["VIRTIO_F_VERSION_1", "VIRTIO_NET_F_CTRL_VQ"] }]),
            _ => LayoutComparison.Compare([s_source with { Queues = [] }], [s_destination]),
        };

        Assert.StartsWith(reason, Assert.Single(findings).Reason, StringComparison.Ordinal);
    }

    private static QueueReadiness Readiness(int queue, DeviceObservation source, DeviceObservation destination) =>
        VirtqueueTrack.For(new VirtqueueId(Rings.Net0, queue)).Readiness(QueueConfiguration.Of(source, queue), QueueConfiguration.Of(destination, queue));

    private static DeviceObservation Running(DeviceObservation device) => device with
    {
        HostFeatures = s_offer,
        Queues = device.Queues.Select(q => q with { Kind = ObservationKind.Provisional }).ToEquatableList(),
    };

    /// <summary>The same device in a QEMU that waits for its stream: measured to show 0 for every index and address.</summary>
    private static DeviceObservation Waiting(DeviceObservation device) => device with
    {
        GuestFeatures = [],
        HostFeatures = s_offer,
        Started = false,
        Queues = device.Queues.Select(q => Rings.NotSetUp(RingSide.Destination, q.Id.Index, ObservationKind.Unloaded) with { Id = q.Id }).ToEquatableList(),
    };
}
