using System.Globalization;

namespace Coordinator.Agent.Simulated;

/// <summary>One virtio device of a simulated guest.</summary>
/// <param name="Name">As <c>x-query-virtio</c> says it: virtio-net, virtio-blk, ...</param>
/// <param name="Path">Of its backend in QOM.</param>
/// <param name="DeviceId">Virtio's device type.</param>
/// <param name="QueueCount">A network card of N pairs has 2N + 1 (the control queue is always there).</param>
internal sealed record SimulatedDevice(string Name, string Path, int DeviceId, int QueueCount)
{
    /// <summary>Of every queue: QEMU's default for network cards and disks.</summary>
    public const int RingSize = 256;

    /// <summary>A stream names devices by what and where they are, not by their ids: QEMU loads a guest whose card has another id (measured), and the agents' gate has to notice.</summary>
    public bool LoadsInto(SimulatedDevice other) => (Name, DeviceId, QueueCount) == (other.Name, other.DeviceId, other.QueueCount);

    private static readonly Dictionary<string, (int DeviceId, int Queues)> s_kinds = new(StringComparer.Ordinal)
    {
        ["virtio-net"] = (1, 3),
        ["virtio-blk"] = (2, 1),
        ["virtio-serial"] = (3, 4),
        ["virtio-rng"] = (4, 1),
        ["virtio-balloon"] = (5, 3),
        ["virtio-scsi"] = (8, 3),
        ["vhost-vsock"] = (19, 3),
    };

    public static IReadOnlyList<SimulatedDevice> Plug(IEnumerable<Dictionary<string, string>> devices, Dictionary<string, int> queuesOfNetdev)
    {
        List<SimulatedDevice> plugged = [];
        int anonymous = 0;
        foreach (Dictionary<string, string> device in devices)
        {
            string? id = device.GetValueOrDefault("id");
            int number = id is null ? anonymous++ : 0;
            string model = device.Keys.First();
            string name = model.Replace("-pci", "", StringComparison.Ordinal).Replace("-non-transitional", "", StringComparison.Ordinal).Replace("-device", "", StringComparison.Ordinal);
            if (!s_kinds.TryGetValue(name, out (int DeviceId, int Queues) kind))
            {
                continue;
            }

            int pairs = queuesOfNetdev.GetValueOrDefault(device.GetValueOrDefault("netdev", ""), 1);
            int queues = name == "virtio-net" ? (2 * (device.GetValueOrDefault("mq") == "on" ? pairs : 1)) + 1
                : device.TryGetValue("num-queues", out string? wanted) ? int.Parse(wanted, CultureInfo.InvariantCulture) : kind.Queues;
            string place = id is null ? string.Create(CultureInfo.InvariantCulture, $"/machine/peripheral-anon/device[{number}]") : $"/machine/peripheral/{id}";
            plugged.Add(new SimulatedDevice(name, place + "/virtio-backend", kind.DeviceId, queues));
        }

        return plugged;
    }
}
