using System.Globalization;
using System.Text.Json;
using Coordinator.AgentProtocol;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Qemu;

internal sealed partial class QemuInstance
{
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
}

/// <summary>What a QEMU has, for the comparison of both sides before the guest is touched.</summary>
internal sealed record QemuLayout(IReadOnlyList<DeviceReading> Devices, IReadOnlyList<string> Capabilities, string Machine);
