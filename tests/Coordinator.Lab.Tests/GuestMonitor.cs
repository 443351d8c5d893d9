using System.Collections.Concurrent;
using System.Text.Json;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Processes;
using Coordinator.LabPeer;
using Coordinator.Qmp;

namespace Coordinator.Lab.Tests;

/// <summary>One QEMU's monitor with the moments (<see cref="MonotonicClock"/>) at which its events came.</summary>
sealed class GuestMonitor : IAsyncDisposable
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    readonly ConcurrentQueue<(string Name, long AtNs)> events = new();
    readonly QemuProcess process;

    GuestMonitor(QemuProcess process) => this.process = process;

    QmpConnection Connection { get; set; } = null!;

    public static async Task<GuestMonitor> Open(QemuProcess process)
    {
        await process.WaitForMonitor(Limit);
        var monitor = new GuestMonitor(process);
        var options = QmpOptions.Default with { OnEvent = (_, seen) => monitor.events.Enqueue((Describe(seen), MonotonicClock.NowNs)) };
        monitor.Connection = await QmpConnection.ConnectAsync(QmpEndpoint.Unix(process.QmpSocket), options);
        return monitor;
    }

    public Task<JsonElement> Execute(string command, object? arguments = null) => Connection.ExecuteAsync(command, arguments, Limit);

    /// <summary>The moment of the first event of that name; migration events are called after their status.</summary>
    public async Task<long> WaitFor(string name)
    {
        await Eventually.BecomesTrue(() => events.Any(seen => seen.Name == name) || !process.IsAlive, Limit, name, () => string.Join(' ', events.Select(seen => seen.Name)));
        return events.Where(seen => seen.Name == name).Select(seen => seen.AtNs).DefaultIfEmpty(-1).First() is >= 0 and var atNs
            ? atNs
            : throw new LabFailure($"QEMU ended before {name}: {await process.ErrorText()}");
    }

    /// <summary>Data queues only (rx0, tx0, rx1, ...). Legal on a running guest because vhost is off.</summary>
    public async Task<QueueIndices[]> DataQueues(int pairs)
    {
        var queues = new QueueIndices[2 * pairs];
        for (var queue = 0; queue < queues.Length; queue++)
        {
            var status = await Execute("x-query-virtio-queue-status", new { path = $"/machine/peripheral/{GuestMachine.DeviceId}/virtio-backend", queue });
            queues[queue] = new(status.GetProperty("last-avail-idx").GetUInt16(), status.GetProperty("used-idx").GetUInt16());
        }
        return queues;
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    static string Describe(QmpEvent seen) => seen.Name == "MIGRATION" ? seen.Data.GetProperty("status").GetString()! : seen.Name;
}

readonly record struct QueueIndices(ushort LastAvail, ushort Used)
{
    /// <summary>Modulo 65,536: only whether less than a whole lap was made can be told.</summary>
    public int ProgressSince(QueueIndices earlier) => (ushort)(Used - earlier.Used);
}
