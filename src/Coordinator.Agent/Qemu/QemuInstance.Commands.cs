using System.Globalization;
using System.Text.Json;
using Coordinator.AgentProtocol;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Qemu;

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

    public Task StopGuestAsync() => Monitor.ExecuteAsync(MigrationCommands.StopGuest, deadline: null, _stop.Token);

    public Task CancelMigrationAsync() => Monitor.ExecuteAsync(MigrationCommands.Cancel, deadline: null, _stop.Token);

    public Task YankAsync() => Monitor.ExecuteOutOfBandAsync(MigrationCommands.Yank, deadline: null, _stop.Token);

    public Task AnnounceAsync() => Monitor.ExecuteAsync(MigrationCommands.Announce, deadline: null, _stop.Token);

    public Task PowerOffOnShutdownAsync() => Monitor.ExecuteAsync(MigrationCommands.PowerOffOnShutdown, deadline: null, _stop.Token);

    /// <summary>
    /// Capabilities, parameters, and the one <c>migrate</c>, in this order and pipelined up to <c>migrate</c>.
    /// </summary>
    /// <param name="uri">Where the destination listens.</param>
    /// <param name="settings">Limits of this attempt.</param>
    /// <param name="pauseOnShutdown">A guest that powers itself off is kept.</param>
    /// <param name="onSent">
    /// Called when <c>migrate</c> is on its way, before its answer: a small guest reaches <c>pre-switchover</c> before that is read. Whatever is asked from then on is answered by
    /// QEMU after the command.
    /// </param>
    /// <returns>Null when QEMU took it, else its words.</returns>
    /// <exception cref="QmpException">The capabilities could not be set for a reason of the connection: <c>migrate</c> was not sent.</exception>
    public async Task<string?> MigrateAsync(string uri, MigrationSettings settings, bool pauseOnShutdown, Action onSent)
    {
        List<QmpCommand> before = [MigrationCommands.SourceCapabilities, MigrationCommands.SourceParameters(settings)];
        if (pauseOnShutdown)
        {
            before.Add(MigrationCommands.PauseOnShutdown);
        }

        QmpConnection monitor = Monitor;
        QmpReply[] replies = await monitor.ExecuteManyAsync(before, deadline: null, _stop.Token);
        if (replies.FirstOrDefault(reply => reply.IsError) is { Error: { } refused } which)
        {
            onSent();
            return $"QEMU refused {which.Command}: {refused.Description}";
        }

        Task answered = monitor.ExecuteAsync(MigrationCommands.Migrate(uri), Timeout.InfiniteTimeSpan, _stop.Token);
        onSent();
        try
        {
            await answered;
            return null;
        }
        catch (QmpCommandException e)
        {
            return $"QEMU refused migrate: {e.Description}";
        }
        catch (QmpClosedException)
        {
            return null;
        }
    }

    /// <returns>The port that QEMU listens on.</returns>
    /// <exception cref="QmpException">It does not listen.</exception>
    public async Task<int> ListenAsync(string uri)
    {
        QmpConnection monitor = Monitor;
        await monitor.ExecuteAsync(MigrationCommands.DestinationCapabilities, deadline: null, _stop.Token);
        await monitor.ExecuteAsync(MigrationCommands.DestinationParameters, deadline: null, _stop.Token);
        await monitor.ExecuteAsync(MigrationCommands.Listen(uri), deadline: null, _stop.Token);
        return await ListeningPortAsync() ?? throw new QmpProtocolException("QEMU accepted migrate-incoming, but query-migrate names no socket-address");
    }

    /// <summary>Null when this QEMU does not listen for a migration (any more).</summary>
    public async Task<int?> ListeningPortAsync()
    {
        JsonElement reply = await Monitor.ExecuteAsync(MigrationCommands.QueryMigrate, deadline: null, _stop.Token);
        return reply.TryGetProperty("socket-address", out JsonElement addresses) && addresses.ValueKind == JsonValueKind.Array && addresses.GetArrayLength() > 0
            && addresses[0].TryGetProperty("port", out JsonElement port) && int.TryParse(port.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;
    }

    /// <summary>Devices with their rings, capabilities and machine type: all that the comparison of both sides needs.</summary>
    public async Task<QemuLayout> ReadLayoutAsync(ReadingKind kind)
    {
        QmpConnection monitor = Monitor;
        RingReader reader = new(monitor, _trackedDevices);
        Devices = await reader.ListAsync(null, _stop.Token);
        (IReadOnlyList<DeviceReading> readings, QmpReply[] replies) =
            await reader.ReadAsync(Devices, kind, [MigrationCommands.QueryCapabilities, MigrationCommands.MachineType], null, null, _stop.Token);
        string[] capabilities = replies[0].IsError ? [] : [.. replies[0].Result.EnumerateArray().Select(item => item.GetProperty("capability").GetString()!).Order(StringComparer.Ordinal)];
        string machine = replies[1].IsError ? "" : replies[1].Result.GetString() ?? "";
        return new QemuLayout(readings, capabilities, machine);
    }

    /// <summary>For progress while the guest runs; never for a decision.</summary>
    public async Task<IReadOnlyList<DeviceReading>> ReadProvisionalAsync()
    {
        RingReader reader = new(Monitor, _trackedDevices);
        Devices ??= await reader.ListAsync(null, _stop.Token);
        return (await reader.ReadAsync(Devices, ReadingKind.Provisional, [], null, null, _stop.Token)).Devices;
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
        StandbyMonitors monitors = await StandbyMonitors.ArmAsync(_endpoint.Path!, [.. first, .. RingReader.Commands(Devices, expected, s_states)], _stop.Token);
        _standby = new Standby(monitors, expected);
    }

    /// <summary>The switchover is over, or will not be: every monitor that is connected is told of every event.</summary>
    public async Task DisarmAsync()
    {
        if (Interlocked.Exchange(ref _standby, null) is { } standby)
        {
            await standby.Monitors.DisposeAsync();
        }
    }

    public async Task<MigrationInfo> QueryMigrateAsync() => await Monitor.QueryMigrateAsync(deadline: null, _stop.Token);

    /// <summary>Asks QEMU to end itself, for at most <paramref name="politeLimit"/>, then kills it. True when it is proven gone.</summary>
    public async Task<bool> EndAsync(TimeSpan politeLimit, TimeSpan killLimit)
    {
        if (politeLimit > TimeSpan.Zero && _session?.Current is { } monitor)
        {
            try
            {
                await monitor.ExecuteAsync(MigrationCommands.Quit, politeLimit, _stop.Token);
                await Process.WaitForExitAsync(_stop.Token).WaitAsync(politeLimit, _stop.Token);
            }
            catch (Exception e) when (e is QmpException or TimeoutException or OperationCanceledException)
            {
                // Killed below; QEMU often closes the monitor before it answers quit.
            }
        }

        return await Process.KillAsync(killLimit, CancellationToken.None);
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

/// <summary>What a QEMU has, for the comparison of both sides before the guest is touched.</summary>
internal sealed record QemuLayout(IReadOnlyList<DeviceReading> Devices, IReadOnlyList<string> Capabilities, string Machine);
