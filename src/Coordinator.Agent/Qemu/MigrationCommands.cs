using Coordinator.AgentProtocol;
using Coordinator.Qmp;

namespace Coordinator.Agent.Qemu;

/// <summary>QMP commands of a migration, encoded once and before the blackout.</summary>
internal static class MigrationCommands
{
    public static readonly QmpCommand QueryStatus = new("query-status");

    public static readonly QmpCommand QueryMigrate = new("query-migrate");

    /// <summary>With the expected state it is a compare-and-set: in any other state QEMU refuses it and changes nothing, so it may be repeated.</summary>
    public static readonly QmpCommand ContinueSwitchover = new("migrate-continue", new { State = "pre-switchover" });

    public static readonly QmpCommand Cancel = new("migrate_cancel");

    public static readonly QmpCommand ContinueGuest = new("cont");

    public static readonly QmpCommand StopGuest = new("stop");

    public static readonly QmpCommand Quit = new("quit");

    public static readonly QmpCommand QueryCapabilities = new("query-migrate-capabilities");

    public static readonly QmpCommand MachineType = new("qom-get", new { Path = "/machine", Property = "type" });

    /// <summary>Out of band: in <c>device</c> the monitor answers nothing else (measured).</summary>
    public static readonly QmpCommand Yank = new("yank", new { Instances = new[] { new { Type = "migration" } } });

    /// <summary>A guest that powers itself off in mid-migration must not take its QEMU with it: the handoff would lose one side.</summary>
    public static readonly QmpCommand PauseOnShutdown = new("set-action", new { Shutdown = "pause" });

    public static readonly QmpCommand PowerOffOnShutdown = new("set-action", new { Shutdown = "poweroff" });

    /// <summary>The values are QEMU's own defaults; the command wants them all.</summary>
    public static readonly QmpCommand Announce = new("announce-self", new { Initial = 50, Max = 550, Rounds = 5, Step = 100 });

    /// <summary>
    /// return-path: without it the source says <c>completed</c> although the destination failed to load. pause-before-switchover: nothing is handed over that was not authorised.
    /// validate-uuid: a stream that reaches the wrong QEMU fails at once.
    /// </summary>
    public static readonly QmpCommand SourceCapabilities = Capabilities("events", "return-path", "pause-before-switchover", "validate-uuid");

    /// <summary>
    /// late-block-activate: images are taken at <c>cont</c> and not at the end of the load. A source that resumes by itself after a lost acknowledgement would otherwise find its
    /// images taken by a copy that will never run. Harmless without disks.
    /// </summary>
    public static readonly QmpCommand DestinationCapabilities = Capabilities("events", "return-path", "validate-uuid", "late-block-activate");

    /// <summary>announce-rounds 0: QEMU announces at the end of the load, before the register has decided; the agent announces when the guest runs.</summary>
    public static readonly QmpCommand DestinationParameters = new("migrate-set-parameters", new { AnnounceRounds = 0 });

    public static QmpCommand SourceParameters(MigrationSettings settings) => new(
        "migrate-set-parameters", new { DowntimeLimit = settings.DowntimeLimitMs, MaxBandwidth = settings.BandwidthBytesPerSec });

    public static QmpCommand Migrate(string uri) => new("migrate", new { Uri = uri });

    public static QmpCommand Listen(string uri) => new("migrate-incoming", new { Uri = uri });

    private static QmpCommand Capabilities(params string[] names) =>
        new("migrate-set-capabilities", new { Capabilities = names.Select(name => new { Capability = name, State = true }).ToArray() });
}
