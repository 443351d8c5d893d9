using Coordinator.AgentProtocol;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Qemu;

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

    /// <param name="devices">From <see cref="ListAsync"/>.</param>
    /// <param name="kind">Final only while the guest stands still and the device holds its state.</param>
    /// <param name="trailing">Executed in the same pipeline, before the rings; their replies come back in their order.</param>
    /// <param name="deadline">Of each of the two round trips.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<(IReadOnlyList<DeviceReading> Devices, QmpReply[] Trailing)> ReadAsync(
        IReadOnlyList<VirtioDevice> devices, ReadingKind kind, IReadOnlyList<QmpCommand> trailing, TimeSpan? deadline, CancellationToken cancellation)
    {
        QmpCommand[] first = [.. devices.Select(device => QmpQueries.VirtioStatusOf(device.Path)), .. trailing];
        QmpReply[] replies = await monitor.ExecuteManyAsync(first, deadline, cancellation);
        VirtioStatus[] statuses = [.. devices.Select((_, i) => VirtioStatus.Parse(replies[i].Result))];
        DeviceReading[] readings = [.. devices.Select((device, i) => ReadingMapping.ToWire(device, statuses[i]))];
        List<(int Device, int Queue)> asked = [];
        for (int device = 0; device < devices.Count; device++)
        {
            for (int queue = 0; queue < (statuses[device].VirtqueueCount ?? 0); queue++)
            {
                if (statuses[device].IsVhostStarted == true)
                {
                    readings[device].Queues.Add(ReadingMapping.NotObservable(queue, readings[device], kind));
                }
                else
                {
                    asked.Add((device, queue));
                }
            }
        }

        QmpReply[] queues = await monitor.ExecuteManyAsync([.. asked.Select(ask => QmpQueries.VirtioQueueStatusOf(devices[ask.Device].Path, ask.Queue))], deadline, cancellation);
        for (int i = 0; i < asked.Count; i++)
        {
            (int device, int queue) = asked[i];
            // An error for one queue leaves a record without indices: the gate then names that queue and stays closed, which is more use than no reading at all.
            readings[device].Queues.Add(queues[i].IsError
                ? new QueueReading { Index = queue, Kind = kind, Packed = ReadingMapping.IsPacked(readings[device]), DescAddress = ulong.MaxValue }
                : ReadingMapping.ToWire(VirtioQueueStatus.Parse(queues[i].Result), readings[device], statuses[device], kind));
        }

        return (readings, replies[devices.Count..]);
    }

    private static bool Matches(string tracked, VirtioDevice device) => tracked.StartsWith(QomPrefix, StringComparison.Ordinal)
        ? device.Path == tracked || device.Path.StartsWith(tracked + "/", StringComparison.Ordinal)
        : device.Path.StartsWith($"/machine/peripheral/{tracked}/", StringComparison.Ordinal);
}

/// <summary>A tracked device does not exist; the message is meant for the owner of the definition.</summary>
internal sealed class DeviceNotFoundException(string sentence) : Exception(sentence);
