using Coordinator.Qmp.Schema;
using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Qemu;

/// <summary>The commands, events and replies of a whole migration between two real QEMUs, with nothing but this library.</summary>
public sealed class RealMigrationTests
{
    const string NetPath = "/machine/peripheral/net0/virtio-backend";

    /// <summary>Known to both versions, so that one can migrate to the other.</summary>
    static readonly string[] Machine =
        ["-machine", "pc-i440fx-7.2", "-m", "16", "-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,id=net0"];

    static readonly QmpCommand Continue = new("migrate-continue", new { State = "pre-switchover" });

    [Theory]
    [InlineData(QemuBinary.System, QemuBinary.System)]
    [InlineData(QemuBinary.Recent, QemuBinary.Recent)]
    [InlineData(QemuBinary.System, QemuBinary.Recent)]
    public async Task MigrationWithPause_ContinuedFromTheEventHandler_Completes(string sourceVersion, string destinationVersion)
    {
        using var directory = new ScratchDirectory();
        await using var sourceQemu = await QemuProcess.StartAsync(sourceVersion, Machine);
        await using var destinationQemu = await QemuProcess.StartAsync(destinationVersion, [.. Machine, "-incoming", "defer"]);
        var history = new List<GuestEvent>();
        var ended = new TaskCompletionSource();
        var options = new QmpOptions { OnEvent = (connection, happened) => Steer(connection, happened, history, ended) };
        await using var source = await sourceQemu.ConnectAsync(options);
        await using var destination = await destinationQemu.ConnectAsync();
        var uri = $"unix:{directory.File("stream")}";

        await SetCapabilitiesAsync(source, "events", "return-path", "pause-before-switchover");
        await SetCapabilitiesAsync(destination, "events", "return-path");
        await source.ExecuteAsync("cont");
        await destination.ExecuteAsync("migrate-incoming", new { Uri = uri });
        await source.ExecuteAsync("migrate", new { Uri = uri });
        await ended.Task.InTime();
        await UntilCompletedAsync(destination);

        var statuses = history.OfType<MigrationStatusChanged>().Select(static one => one.Status).ToList();
        Assert.Equal(["setup", "active", "pre-switchover", "device", "completed"], statuses);
        Assert.IsType<GuestResumed>(history[0]);
        Assert.Contains(history, static one => one is GuestStopped);
        Assert.Contains(history, static one => one is MigrationPassBegan { Pass: 1 });
        await UntilPostMigrateAsync(source);
        Assert.Equal(new RunStatus("paused", IsRunning: false), await destination.QueryStatusAsync());
        var info = await source.QueryMigrateAsync();
        Assert.Equal("completed", info.Status);
        Assert.True(info.TotalTimeMs >= info.DowntimeMs && info.Ram!.TransferredBytes > 0 && info.Ram.PageSizeBytes == 4096, info.ToString());
        Assert.Equal(await source.QueryVirtioQueuesAsync(NetPath, 3), await destination.QueryVirtioQueuesAsync(NetPath, 3));
        Assert.Equal(
            (await source.QueryVirtioStatusAsync(NetPath)).GuestFeatures, (await destination.QueryVirtioStatusAsync(NetPath)).GuestFeatures);
    }

    static void Steer(QmpConnection connection, QmpEvent happened, List<GuestEvent> history, TaskCompletionSource ended)
    {
        var typed = GuestEvent.Parse(happened);
        history.Add(typed);
        if (typed is MigrationStatusChanged { Status: "pre-switchover" })
            _ = ContinueAsync(connection, ended);
        if (typed is MigrationStatusChanged { Status: "completed" or "failed" })
            ended.TrySetResult();
    }

    static async Task ContinueAsync(QmpConnection connection, TaskCompletionSource ended)
    {
        try
        {
            await connection.ExecuteAsync(Continue);
        }
        catch (QmpException e)
        {
            ended.TrySetException(e);
        }
    }

    static Task SetCapabilitiesAsync(QmpConnection connection, params string[] names) => connection.ExecuteAsync(
        "migrate-set-capabilities", new { Capabilities = names.Select(static name => new { Capability = name, State = true }) });

    /// <summary>The source says `completed` a moment before its run state follows (migration_iteration_finish).</summary>
    static Task UntilPostMigrateAsync(QmpConnection source) => Eventually.Becomes(
        async () => await source.QueryStatusAsync() is { Status: "postmigrate", IsRunning: false } reached ? reached : null, Patience.Limit, "the source in postmigrate");

    static async Task UntilCompletedAsync(QmpConnection connection)
    {
        await foreach (var happened in connection.Events.ReadAllAsync().WithCancellation(new CancellationTokenSource(Patience.Limit).Token))
        {
            if (GuestEvent.Parse(happened) is MigrationStatusChanged { Status: "completed" })
                return;
        }
    }
}
