using Coordinator.AgentProtocol;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>What the fake QEMUs show of their rings: a two-queue network device with a control queue, and whatever a test adds.</summary>
internal sealed class FakeRings
{
    public const string NetPath = "/machine/peripheral/net0/virtio-backend";

    public int SourceQueues { get; set; } = 3;

    public int DestinationQueues { get; set; } = 3;

    public uint DestinationDefaultSize { get; set; } = 256;

    public List<string> DestinationFeatures { get; } = ["VIRTIO_F_VERSION_1", "VIRTIO_NET_F_MQ"];

    public string DestinationMachine { get; set; } = "pc-q35-7.2";

    public bool DestinationHasDevice { get; set; } = true;

    /// <summary>The load changes the used index of queue 1: what the gate is there for.</summary>
    public bool LoadIsWrong { get; set; }

    /// <summary>tx0 never moves again although the guest has offered entries.</summary>
    public bool TransmitStalls { get; set; }

    public static IReadOnlyList<string> Capabilities { get; } = ["events", "return-path", "pause-before-switchover", "validate-uuid", "xbzrle"];

    public IEnumerable<DeviceReading> SourceLayout() => [Device(SourceQueues, ReadingKind.Provisional, lastAvail: 50)];

    public IEnumerable<DeviceReading> SourceSample(uint lastAvail) => [Device(SourceQueues, ReadingKind.Provisional, lastAvail)];

    public IEnumerable<DeviceReading> SourceFinal() => [Device(SourceQueues, ReadingKind.Final, lastAvail: 100)];

    public IEnumerable<DeviceReading> DestinationLayout()
    {
        if (!DestinationHasDevice)
        {
            return [];
        }

        DeviceReading device = new() { Path = NetPath, Name = "virtio-net" };
        device.HostFeatures.AddRange(DestinationFeatures);
        device.Queues.AddRange(Enumerable.Range(0, DestinationQueues).Select(i => new QueueReading
        {
            Index = i,
            Kind = ReadingKind.Unloaded,
            Size = DestinationDefaultSize,
            DefaultSize = DestinationDefaultSize,
            LastAvailIdx = 0,
            UsedIdx = 0,
        }));
        return [device];
    }

    public IEnumerable<DeviceReading> DestinationFirst()
    {
        DeviceReading device = Device(DestinationQueues, ReadingKind.Final, lastAvail: 100);
        if (LoadIsWrong)
        {
            device.Queues[1].UsedIdx = 0;
        }

        return [device];
    }

    public IEnumerable<DeviceReading> AfterResume()
    {
        DeviceReading device = Device(DestinationQueues, ReadingKind.Provisional, lastAvail: 160);
        if (TransmitStalls)
        {
            device.Queues[1].LastAvailIdx = 100;
            device.Queues[1].UsedIdx = 98;
            device.Queues[1].ShadowAvailIdx = 120;
        }

        return [device];
    }

    private static DeviceReading Device(int queues, ReadingKind kind, uint lastAvail)
    {
        DeviceReading device = new() { Path = NetPath, Name = "virtio-net", Started = true };
        device.GuestFeatures.AddRange(["VIRTIO_F_VERSION_1", "VIRTIO_NET_F_MQ"]);
        device.HostFeatures.AddRange(["VIRTIO_F_VERSION_1", "VIRTIO_NET_F_MQ"]);
        device.Queues.AddRange(Enumerable.Range(0, queues).Select(i => new QueueReading
        {
            Index = i,
            Kind = kind,
            Size = 256,
            DefaultSize = 256,
            DescAddress = 0x1000_0000u + ((ulong)i * 0x1_0000),
            AvailAddress = 0x1000_1000u + ((ulong)i * 0x1_0000),
            UsedAddress = 0x1000_2000u + ((ulong)i * 0x1_0000),
            LastAvailIdx = lastAvail,
            UsedIdx = lastAvail - 2,
            ShadowAvailIdx = lastAvail,
            Inuse = 2,
        }));
        return device;
    }
}
