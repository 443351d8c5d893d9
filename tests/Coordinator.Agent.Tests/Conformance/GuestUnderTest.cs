using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Tests.Conformance;

/// <summary>One launched process and its monitor; what it says is asserted, whoever it is.</summary>
internal sealed class GuestUnderTest(QemuProcess process, QemuCommandLine line) : IAsyncDisposable
{
    private readonly ConcurrentQueue<QmpEvent> _events = new();
    private QmpConnection? _monitor;

    public int Pid => process.Identity.Pid;

    public QemuProcess Process => process;

    public QemuCommandLine Line => line;

    public QmpConnection Monitor => _monitor!;

    public string Log => QemuLog.Tail(line.LogPath);

    /// <summary>In order, without those that a model of states does not have.</summary>
    public IReadOnlyList<string> Said => [.. _events.Select(Describe).OfType<string>()];

    public IReadOnlyList<DateTimeOffset> Times => [.. _events.Select(happened => happened.Timestamp)];

    public async Task ConnectAsync() => _monitor = await QmpConnection.ConnectAsync(
        QmpEndpoint.Unix(line.QmpSocketPath), QmpOptions.Default with { OnEvent = (_, happened) => _events.Enqueue(happened), CommandDeadline = Eventually.Limit });

    public Task<JsonElement> ExecuteAsync(string command, object? arguments = null) => Monitor.ExecuteAsync(command, arguments);

    /// <summary>Class and description of the refusal; null when it was accepted.</summary>
    public async Task<string?> RefusalAsync(string command, object? arguments = null)
    {
        try
        {
            await ExecuteAsync(command, arguments);
            return null;
        }
        catch (QmpCommandException e)
        {
            return $"{e.Class}: {e.Description}";
        }
    }

    public Task<JsonElement> YankAsync() => Monitor.ExecuteOutOfBandAsync(new QmpCommand("yank", new { Instances = new[] { new { Type = "migration" } } }), Eventually.Limit);

    /// <summary>Its answer may come only when the main lock is free again, so it is not waited for.</summary>
    public Task ContinueSwitchoverAsync()
    {
        Task<JsonElement> answered = Monitor.ExecuteAsync(new QmpCommand("migrate-continue", new { State = "pre-switchover" }), Timeout.InfiniteTimeSpan);
        _ = answered.ContinueWith(task => task.Exception, TaskScheduler.Default);
        return Task.CompletedTask;
    }

    public async Task SetCapabilitiesAsync(params string[] names) =>
        await ExecuteAsync("migrate-set-capabilities", new { Capabilities = names.Select(name => new { Capability = name, State = true }).ToArray() });

    public async Task<string> ListenAsync()
    {
        await SetCapabilitiesAsync("events", "return-path", "validate-uuid", "late-block-activate");
        await ExecuteAsync("migrate-incoming", new { Uri = "tcp:127.0.0.1:0" });
        JsonElement reply = await ExecuteAsync("query-migrate");
        string port = reply.GetProperty("socket-address")[0].GetProperty("port").GetString()!;
        return $"tcp:127.0.0.1:{int.Parse(port, CultureInfo.InvariantCulture)}";
    }

    /// <summary>Run state and status of the migration, as the monitor says them.</summary>
    public async Task<string> StateAsync()
    {
        RunStatus run = await Monitor.QueryStatusAsync();
        MigrationInfo migration = await Monitor.QueryMigrateAsync();
        Assert.Equal(run.Status == "running", run.IsRunning);
        return $"{run.Status}/{migration.Status}";
    }

    public async Task UntilAsync(string state)
    {
        string last = "";
        using CancellationTokenSource limit = new(Eventually.Limit);
        while ((last = await StateAsync()) != state)
        {
            Assert.False(limit.IsCancellationRequested, $"{state} was awaited, it is {last}; {string.Join(", ", Said)}; {Log}");
        }
    }

    public Task SaidAsync(string what) => Eventually.TrueAsync(() => Said.Contains(what), () => $"{what}; it said: {string.Join(", ", Said)}; {Log}");

    public async Task<QemuExit> ExitAsync() => await process.WaitForExitAsync().WaitAsync(Eventually.Limit);

    public Task KillAsync() => process.KillAsync(Eventually.Limit);

    public async Task<IReadOnlyList<VirtioQueueStatus>> RingsAsync()
    {
        List<VirtioQueueStatus> rings = [];
        foreach (VirtioDevice device in (await Monitor.QueryVirtioAsync()).OrderBy(device => device.Path, StringComparer.Ordinal))
        {
            int count = (await Monitor.QueryVirtioStatusAsync(device.Path)).VirtqueueCount ?? 0;
            rings.AddRange(await Monitor.QueryVirtioQueuesAsync(device.Path, count));
        }

        return rings;
    }

    public async ValueTask DisposeAsync()
    {
        if (_monitor is { } monitor)
        {
            await monitor.DisposeAsync();
        }

        // Also one that a test has frozen.
        await process.KillAsync(Eventually.Limit);
        process.Dispose();
    }

    private static string? Describe(QmpEvent happened) => GuestEvent.Parse(happened) switch
    {
        MigrationStatusChanged changed => $"MIGRATION {changed.Status}",
        GuestStopped => "STOP",
        GuestResumed => "RESUME",
        GuestShutDown down => $"SHUTDOWN {down.Reason}",
        GuestReset => "RESET",
        _ => null,
    };
}
