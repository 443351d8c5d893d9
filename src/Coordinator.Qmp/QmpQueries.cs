using Coordinator.Qmp.Schema;

namespace Coordinator.Qmp;

/// <summary>
/// The queries that everyone needs, typed. They fail as <see cref="QmpConnection.ExecuteAsync(QmpCommand, TimeSpan?, CancellationToken)"/>
/// does, and with <see cref="QmpProtocolException"/> where a reply has not the shape it must have.
/// </summary>
public static class QmpQueries
{
    static readonly QmpCommand QueryStatus = new("query-status");
    static readonly QmpCommand QueryMigrate = new("query-migrate");
    static readonly QmpCommand QueryVirtio = new("x-query-virtio");

    public static async Task<RunStatus> QueryStatusAsync(this QmpConnection connection, TimeSpan? deadline = null, CancellationToken ct = default) =>
        RunStatus.Parse(await connection.ExecuteAsync(QueryStatus, deadline, ct));

    public static async Task<MigrationInfo> QueryMigrateAsync(this QmpConnection connection, TimeSpan? deadline = null, CancellationToken ct = default) =>
        MigrationInfo.Parse(await connection.ExecuteAsync(QueryMigrate, deadline, ct));

    /// <summary>All realized virtio devices, in no particular order; none is an empty list on every version.</summary>
    public static async Task<IReadOnlyList<VirtioDevice>> QueryVirtioAsync(
        this QmpConnection connection, TimeSpan? deadline = null, CancellationToken ct = default)
    {
        var reply = (await connection.ExecuteManyAsync([QueryVirtio], deadline, ct))[0];
        return reply.Error is { } error && VirtioDevice.IsNoneFound(error) ? [] : VirtioDevice.ParseList(reply.Result);
    }

    public static async Task<VirtioStatus> QueryVirtioStatusAsync(
        this QmpConnection connection, string devicePath, TimeSpan? deadline = null, CancellationToken ct = default) =>
        VirtioStatus.Parse(await connection.ExecuteAsync(VirtioStatusOf(devicePath), deadline, ct));

    /// <summary>Queues 0..count-1 of one device, pipelined. See <see cref="VirtioQueueStatus"/> for when this must not be asked.</summary>
    public static async Task<VirtioQueueStatus[]> QueryVirtioQueuesAsync(
        this QmpConnection connection, string devicePath, int count, TimeSpan? deadline = null, CancellationToken ct = default)
    {
        var commands = new QmpCommand[count];
        for (var queue = 0; queue < count; queue++)
            commands[queue] = VirtioQueueStatusOf(devicePath, queue);
        var replies = await connection.ExecuteManyAsync(commands, deadline, ct);
        return Array.ConvertAll(replies, static reply => VirtioQueueStatus.Parse(reply.Result));
    }

    /// <summary>For building a batch ahead of the blackout.</summary>
    public static QmpCommand VirtioStatusOf(string devicePath) => new("x-query-virtio-status", new { Path = devicePath });

    /// <inheritdoc cref="VirtioStatusOf"/>
    public static QmpCommand VirtioQueueStatusOf(string devicePath, int queue) =>
        new("x-query-virtio-queue-status", new { Path = devicePath, Queue = queue });
}
