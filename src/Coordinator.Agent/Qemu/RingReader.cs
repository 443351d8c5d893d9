using Coordinator.AgentProtocol;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Qemu;

/// <summary>What is armed for the reading of one standstill.</summary>
/// <param name="Monitors">Of the same QEMU.</param>
/// <param name="Expected">Queues by device path; a device that has more by then is asked for the others as well.</param>
internal sealed record Standby(StandbyMonitors Monitors, IReadOnlyDictionary<string, int> Expected);

/// <summary>
/// Reads virtio devices and their rings, pipelined. A queue of a device whose vhost is started is never asked for: on vhost-user the query stops the guest's ring
/// (measured on 10.0.2).
/// </summary>
internal sealed class RingReader(QmpConnection monitor, IReadOnlyList<string>? trackedDevices)
{
    private const string QomPrefix = "/machine/";

    /// <summary>The tracked devices, sorted by path. Without a list in the definition these are all that QEMU knows.</summary>
    /// <exception cref="DeviceNotFoundException">The definition tracks a device that QEMU does not have: nothing would be proven about it.</exception>
    public async Task<IReadOnlyList<VirtioDevice>> ListAsync(TimeSpan? deadline, CancellationToken cancellation)
    {
        IReadOnlyList<VirtioDevice> all = await monitor.QueryVirtioAsync(deadline, cancellation);
        if (trackedDevices?.FirstOrDefault(tracked => !all.Any(device => Matches(tracked, device))) is { } missing)
        {
            throw new DeviceNotFoundException(
                $"'devices' of the definition names '{missing}', and QEMU has no virtio device of that id; it has {string.Join(", ", all.Select(device => device.Path))}");
        }

        return [.. all.Where(device => trackedDevices is null || trackedDevices.Any(tracked => Matches(tracked, device))).OrderBy(device => device.Path, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Everything that one reading asks. Without <paramref name="expected"/> that are only the devices' statuses: they tell how many queues there are.
    /// </summary>
    /// <param name="devices">From <see cref="ListAsync"/>.</param>
    /// <param name="expected">Queues by device path, where they are known beforehand. Only for a VM that stands still: no vhost is started then.</param>
    /// <param name="more">Executed with them.</param>
    public static IReadOnlyList<QmpCommand> Commands(IReadOnlyList<VirtioDevice> devices, IReadOnlyDictionary<string, int>? expected, IReadOnlyList<QmpCommand> more) =>
    [
        .. devices.Select(device => QmpQueries.VirtioStatusOf(device.Path)),
        .. more,
        .. expected is null ? [] : devices.SelectMany(
            device => Enumerable.Range(0, expected.GetValueOrDefault(device.Path)).Select(queue => QmpQueries.VirtioQueueStatusOf(device.Path, queue))),
    ];

    /// <param name="devices">From <see cref="ListAsync"/>.</param>
    /// <param name="kind">Final only while the guest stands still and the device holds its state.</param>
    /// <param name="more">Executed with the first questions; their replies come back in their order.</param>
    /// <param name="standby">Null while the guest runs.</param>
    /// <param name="deadline">Of each of the two round trips.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<(IReadOnlyList<DeviceReading> Devices, QmpReply[] More)> ReadAsync(
        IReadOnlyList<VirtioDevice> devices, ReadingKind kind, IReadOnlyList<QmpCommand> more, Standby? standby, TimeSpan? deadline, CancellationToken cancellation)
    {
        IReadOnlyList<QmpCommand> commands = Commands(devices, standby?.Expected, more);
        QmpReply[] replies = standby is null
            ? await monitor.ExecuteManyAsync(commands, deadline, cancellation)
            : await standby.Monitors.ExecuteManyAsync(monitor, commands, deadline, cancellation);
        VirtioStatus[] statuses = [.. devices.Select((_, i) => VirtioStatus.Parse(replies[i].Result))];
        DeviceReading[] readings = [.. devices.Select((device, i) => ReadingMapping.ToWire(device, statuses[i]))];
        Queue<QmpReply> known = new(replies.Skip(devices.Count + more.Count));
        List<(int Device, int Queue)> missing = [];
        for (int device = 0; device < devices.Count; device++)
        {
            int count = statuses[device].VirtqueueCount ?? 0;
            QmpReply[] early = [.. Enumerable.Range(0, standby?.Expected.GetValueOrDefault(devices[device].Path) ?? 0).Select(_ => known.Dequeue())];
            for (int queue = 0; queue < count; queue++)
            {
                if (statuses[device].IsVhostStarted == true)
                {
                    readings[device].Queues.Add(ReadingMapping.NotObservable(queue, readings[device], kind));
                }
                else if (queue < early.Length)
                {
                    readings[device].Queues.Add(ReadingOf(early[queue], queue, readings[device], statuses[device], kind));
                }
                else
                {
                    missing.Add((device, queue));
                }
            }
        }

        QmpReply[] late = await monitor.ExecuteManyAsync([.. missing.Select(ask => QmpQueries.VirtioQueueStatusOf(devices[ask.Device].Path, ask.Queue))], deadline, cancellation);
        for (int i = 0; i < missing.Count; i++)
        {
            (int device, int queue) = missing[i];
            readings[device].Queues.Add(ReadingOf(late[i], queue, readings[device], statuses[device], kind));
        }

        return (readings, replies[devices.Count..(devices.Count + more.Count)]);
    }

    // An error for one queue leaves a record without indices: the gate then names that queue and stays closed, which is more use than no reading at all.
    private static QueueReading ReadingOf(QmpReply reply, int queue, DeviceReading device, VirtioStatus status, ReadingKind kind) => reply.IsError
        ? new QueueReading { Index = queue, Kind = kind, Packed = ReadingMapping.IsPacked(device), DescAddress = ulong.MaxValue }
        : ReadingMapping.ToWire(VirtioQueueStatus.Parse(reply.Result), device, status, kind);

    private static bool Matches(string tracked, VirtioDevice device) => tracked.StartsWith(QomPrefix, StringComparison.Ordinal)
        ? device.Path == tracked || device.Path.StartsWith(tracked + "/", StringComparison.Ordinal)
        : device.Path.StartsWith($"/machine/peripheral/{tracked}/", StringComparison.Ordinal);
}

/// <summary>A tracked device does not exist; the message is meant for the owner of the definition.</summary>
internal sealed class DeviceNotFoundException(string sentence) : Exception(sentence);
