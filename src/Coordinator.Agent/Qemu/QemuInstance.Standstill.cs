using Coordinator.AgentProtocol;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Qemu;

/// <summary>What is done while the guest stands still, and made ready before.</summary>
internal sealed partial class QemuInstance
{
    /// <summary>
    /// On its way when this returns; the task is QEMU's answer. Until QEMU's next event nothing else is asked of the first monitor. What is armed for the rings is asked now, when
    /// QEMU's main thread has nothing else to do: they have not changed since the guest was stopped, and reading them after <c>completed</c> the guest would wait for it.
    /// </summary>
    /// <exception cref="QemuUnreachableException">Not sent.</exception>
    public Task ContinueSwitchover()
    {
        QmpConnection monitor = Monitor;
        _quietUntil = Environment.TickCount64 + (long)s_quiet.TotalMilliseconds;
        if (_standby is not { } standby || !standby.Monitors.TryFire(MigrationCommands.ContinueSwitchover, out Task<QmpReply>? fired))
        {
            return monitor.ExecuteAsync(MigrationCommands.ContinueSwitchover, Timeout.InfiniteTimeSpan, _stop.Token);
        }

        if (Devices is { } devices)
        {
            _ringsAhead = ReadAheadAsync(new RingReader(monitor, _trackedDevices), devices, standby);
        }

        return AnswerAsync(fired);
    }

    /// <inheritdoc cref="ContinueSwitchover"/>
    public Task ContinueGuest()
    {
        QmpConnection monitor = Monitor;
        _quietUntil = Environment.TickCount64 + (long)s_quiet.TotalMilliseconds;
        return monitor.ExecuteAsync(MigrationCommands.ContinueGuest, Timeout.InfiniteTimeSpan, _stop.Token);
    }

    /// <summary>Final rings, and what QEMU says of its states and figures with them; the states are news as well.</summary>
    public async Task<(FinalReading Reading, QemuSight Sight, MigrationInfo Migration)> ReadFinalAsync()
    {
        QmpConnection monitor = Monitor;
        Devices ??= await new RingReader(monitor, _trackedDevices).ListAsync(null, _stop.Token);
        int generation = Generation;
        long before = StateEvents;
        (FinalReading reading, QmpReply[] states) = await ReadFinalAsync(monitor, Devices);
        MigrationInfo migration = MigrationInfo.Parse(states[1].Result);
        return (reading, Seen(RunStatus.Parse(states[0].Result), migration, generation, before), migration);
    }

    /// <summary>The states alone, asked now.</summary>
    public async Task<(QemuSight Sight, MigrationInfo Migration)> ReadStatesAsync()
    {
        int generation = Generation;
        long before = StateEvents;
        QmpReply[] states = await Monitor.ExecuteManyAsync(s_states, deadline: null, _stop.Token);
        MigrationInfo migration = MigrationInfo.Parse(states[1].Result);
        return (Seen(RunStatus.Parse(states[0].Result), migration, generation, before), migration);
    }

    /// <summary>
    /// Makes ready for the switchover: QEMU reads what will be asked of it ahead of time. Replaces what was armed before.
    /// </summary>
    /// <param name="layout">Devices and queues as they will be found; more, fewer or other ones are found as well, a little later.</param>
    /// <param name="first">Commands that matter even more.</param>
    public async Task ArmAsync(IReadOnlyList<DeviceReading> layout, params IReadOnlyList<QmpCommand> first)
    {
        Devices ??= await new RingReader(Monitor, _trackedDevices).ListAsync(null, _stop.Token);
        Dictionary<string, int> expected = layout.ToDictionary(device => device.Path, device => device.Queues.Count, StringComparer.Ordinal);
        await DisarmAsync();
        StandbyMonitors monitors = await StandbyMonitors.ArmAsync(_endpoint.Path!, [.. first, .. RingReader.Commands(Devices, expected, s_states)], _history is null ? null : _history.Connection, _stop.Token);
        _standby = new Standby(monitors, expected);
        if (_stop.IsCancellationRequested)
        {
            // Disposed meanwhile, so nobody would close them.
            await DisarmAsync();
        }
    }

    /// <summary>The switchover is over, or will not be: every monitor that is connected is told of every event.</summary>
    public async Task DisarmAsync()
    {
        if (Interlocked.Exchange(ref _standby, null) is { } standby)
        {
            await standby.Monitors.DisposeAsync();
        }
    }

    private static async Task AnswerAsync(Task<QmpReply> fired)
    {
        if ((await fired) is { Error: { } error } reply)
        {
            throw new QmpCommandException(reply.Command, error);
        }
    }

    private async Task<IReadOnlyList<DeviceReading>?> ReadAheadAsync(RingReader reader, IReadOnlyList<VirtioDevice> devices, Standby standby)
    {
        try
        {
            return (await reader.ReadAsync(devices, ReadingKind.Final, [], standby, Timeout.InfiniteTimeSpan, _stop.Token)).Devices;
        }
        catch (Exception e) when (e is QmpException or OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<(FinalReading Reading, QmpReply[] States)> ReadFinalAsync(QmpConnection monitor, IReadOnlyList<VirtioDevice> devices)
    {
        // Taken back by a RESUME: what was read before it is not what the guest has now.
        if (Interlocked.Exchange(ref _ringsAhead, null) is { } ahead && _standby is { } standby && await ahead is { } rings)
        {
            QmpReply[] asked = await standby.Monitors.ExecuteManyAsync(monitor, s_states, null, _stop.Token);
            return (new FinalReading(rings, HostClock.NowMicros()), asked);
        }

        (IReadOnlyList<DeviceReading> readings, QmpReply[] states) =
            await new RingReader(monitor, _trackedDevices).ReadAsync(devices, ReadingKind.Final, s_states, _standby, null, _stop.Token);
        return (new FinalReading(readings, HostClock.NowMicros()), states);
    }

    private QemuSight Seen(RunStatus run, MigrationInfo migration, int generation, long eventsBefore)
    {
        QemuSight sight = SightOf(run, migration);
        if (TrySee(sight, eventsBefore) is { } sequence)
        {
            _tell(new QemuNews(this, Sight: sight, Generation: generation, Sequence: sequence));
        }

        return sight;
    }
}
