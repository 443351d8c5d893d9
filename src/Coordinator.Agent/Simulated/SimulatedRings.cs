using System.Diagnostics;
using System.Text.Json.Nodes;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Agent.Simulated;

/// <summary>
/// The rings of all devices. A driver sets them up when the guest first runs; their indices advance only while it runs, at a steady pace, so a reading in a standstill is final, and
/// one that is taken twice is the same.
/// </summary>
internal sealed class SimulatedRings(IReadOnlyList<SimulatedDevice> devices)
{
    private const int BuffersPerSecond = 1_000;
    private const long FirstRingAddress = 0x0270_0000;
    private const long BytesBetweenRings = 0x4000;

    private static readonly string[] s_transports =
    [
        "VIRTIO_RING_F_EVENT_IDX: Used & avail. event fields enabled",
        "VIRTIO_RING_F_INDIRECT_DESC: Indirect descriptors supported",
        "VIRTIO_F_VERSION_1: Device compliant for v1 spec (legacy)",
    ];

    private long _ranMicros;
    private long? _runsSince;

    /// <summary>The guest's driver has set the rings up.</summary>
    public bool IsDriven { get; private set; }

    /// <summary>How long the guest has run: all that the indices depend on, and all that a migration has to carry.</summary>
    public long RanMicros => _ranMicros + (_runsSince is { } since ? (long)Stopwatch.GetElapsedTime(since).TotalMicroseconds : 0);

    public void GuestRuns(bool runs)
    {
        if (runs)
        {
            IsDriven = true;
            _runsSince ??= Stopwatch.GetTimestamp();
            return;
        }

        _ranMicros = RanMicros;
        _runsSince = null;
    }

    public void Reset()
    {
        IsDriven = _runsSince is not null;
        _ranMicros = 0;
        _runsSince = IsDriven ? Stopwatch.GetTimestamp() : null;
    }

    public void Load(bool isDriven, long ranMicros)
    {
        IsDriven = isDriven;
        _ranMicros = ranMicros;
    }

    public JsonArray List() => [.. devices.Select(device => new JsonObject { ["name"] = device.Name, ["path"] = device.Path })];

    public SimulatedDevice? Find(string path) => devices.FirstOrDefault(device => device.Path == path);

    public JsonObject StatusOf(SimulatedDevice device, bool guestRuns, LoadedRings loaded)
    {
        bool broken = loaded == LoadedRings.Broken && device == devices[0];
        string[] statuses =
        [
            .. IsDriven ? (string[])["VIRTIO_CONFIG_S_ACKNOWLEDGE: Valid virtio device found", "VIRTIO_CONFIG_S_DRIVER: Guest OS compatible with device",
                "VIRTIO_CONFIG_S_FEATURES_OK: Feature negotiation complete", "VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready"] : [],
            .. broken ? (string[])["VIRTIO_CONFIG_S_NEEDS_RESET: Irrecoverable error, device needs reset"] : [],
        ];
        return new JsonObject
        {
            ["name"] = device.Name,
            ["device-id"] = device.DeviceId,
            ["num-vqs"] = device.QueueCount,
            ["broken"] = broken,
            ["started"] = IsDriven,
            ["vhost-started"] = false,
            ["vm-running"] = guestRuns,
            ["device-endian"] = "little",
            ["bus-name"] = "",
            ["isr"] = 0,
            ["queue-sel"] = 0,
            ["disabled"] = false,
            ["use-started"] = true,
            ["start-on-kick"] = false,
            ["disable-legacy-check"] = false,
            ["use-guest-notifier-mask"] = true,
            ["status"] = new JsonObject { ["statuses"] = Texts(statuses) },
            ["guest-features"] = new JsonObject { ["transports"] = Texts(IsDriven ? s_transports : []), ["dev-features"] = new JsonArray() },
            ["host-features"] = new JsonObject { ["transports"] = Texts(s_transports), ["dev-features"] = new JsonArray() },
            ["backend-features"] = new JsonObject { ["transports"] = new JsonArray(), ["dev-features"] = new JsonArray() },
        };
    }

    public JsonObject QueueOf(SimulatedDevice device, int queue, LoadedRings loaded)
    {
        // Receive and transmit are busy, the last queue (control) was used once.
        bool isControl = device.Name == "virtio-net" && queue == device.QueueCount - 1;
        long passed = !IsDriven ? 0 : isControl ? 1 : RanMicros * BuffersPerSecond / 1_000_000 / (queue + 1);
        bool isFirst = device == devices[0] && queue == 0;
        ushort used = (ushort)passed;
        ushort lastAvail = (ushort)(isFirst && loaded == LoadedRings.Different ? used + 1 : used);
        long ring = IsDriven ? FirstRingAddress + (BytesBetweenRings * (RingsBefore(device) + queue)) : 0;
        return new JsonObject
        {
            ["name"] = device.Name,
            ["queue-index"] = queue,
            ["inuse"] = (ushort)(lastAvail - used),
            ["vring-num"] = SimulatedDevice.RingSize,
            ["vring-num-default"] = SimulatedDevice.RingSize,
            ["vring-align"] = 4096,
            ["vring-desc"] = ring,
            ["vring-avail"] = IsDriven ? ring + (16 * SimulatedDevice.RingSize) : 0,
            ["vring-used"] = IsDriven ? ring + 0x2000 : 0,
            ["last-avail-idx"] = lastAvail,
            ["shadow-avail-idx"] = isFirst && loaded == LoadedRings.Broken ? (ushort)0 : (ushort)(lastAvail + (IsDriven ? SimulatedDevice.RingSize : 0)),
            ["used-idx"] = isFirst && loaded == LoadedRings.Broken ? (ushort)0 : used,
            ["signalled-used"] = 0,
            ["signalled-used-valid"] = false,
        };
    }

    private int RingsBefore(SimulatedDevice device) => devices.TakeWhile(other => other != device).Sum(other => other.QueueCount);

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => JsonValue.Create(text))];
}
