namespace Coordinator.Domain.QemuModel;

/// <summary>Every word of <c>query-migrate.status</c> from QEMU 7.2 to 10.x (qapi/migration.json), and one for words that a newer QEMU may say.</summary>
public enum MigrationStatus : byte
{
    /// <summary>No migration so far: <c>query-migrate</c> then answers <c>{}</c> without a status.</summary>
    None,
    Setup,
    Cancelling,
    Cancelled,
    Active,
    PostcopyDevice,
    PostcopyActive,
    PostcopyPaused,
    PostcopyRecoverSetup,
    PostcopyRecover,
    Completed,
    Failed,
    Failing,
    Colo,
    PreSwitchover,
    Device,
    WaitUnplug,

    /// <summary>A word that we do not know. It is no error by itself: keep polling.</summary>
    Unknown,
}

public static class MigrationStatusWords
{
    public static string ToQmp(this MigrationStatus status) => status switch
    {
        MigrationStatus.None => "none",
        MigrationStatus.Setup => "setup",
        MigrationStatus.Cancelling => "cancelling",
        MigrationStatus.Cancelled => "cancelled",
        MigrationStatus.Active => "active",
        MigrationStatus.PostcopyDevice => "postcopy-device",
        MigrationStatus.PostcopyActive => "postcopy-active",
        MigrationStatus.PostcopyPaused => "postcopy-paused",
        MigrationStatus.PostcopyRecoverSetup => "postcopy-recover-setup",
        MigrationStatus.PostcopyRecover => "postcopy-recover",
        MigrationStatus.Completed => "completed",
        MigrationStatus.Failed => "failed",
        MigrationStatus.Failing => "failing",
        MigrationStatus.Colo => "colo",
        MigrationStatus.PreSwitchover => "pre-switchover",
        MigrationStatus.Device => "device",
        MigrationStatus.WaitUnplug => "wait-unplug",
        MigrationStatus.Unknown => throw new ArgumentOutOfRangeException(nameof(status), status, "an unknown status has no word"),
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not in the table of words"),
    };

    public static MigrationStatus Parse(string? word) => word switch
    {
        null or "none" => MigrationStatus.None,
        "setup" => MigrationStatus.Setup,
        "cancelling" => MigrationStatus.Cancelling,
        "cancelled" => MigrationStatus.Cancelled,
        "active" => MigrationStatus.Active,
        "postcopy-device" => MigrationStatus.PostcopyDevice,
        "postcopy-active" => MigrationStatus.PostcopyActive,
        "postcopy-paused" => MigrationStatus.PostcopyPaused,
        "postcopy-recover-setup" => MigrationStatus.PostcopyRecoverSetup,
        "postcopy-recover" => MigrationStatus.PostcopyRecover,
        "completed" => MigrationStatus.Completed,
        "failed" => MigrationStatus.Failed,
        "failing" => MigrationStatus.Failing,
        "colo" => MigrationStatus.Colo,
        "pre-switchover" => MigrationStatus.PreSwitchover,
        "device" => MigrationStatus.Device,
        "wait-unplug" => MigrationStatus.WaitUnplug,
        _ => MigrationStatus.Unknown,
    };

    /// <summary>
    /// QEMU's <c>migration_is_running()</c>: a second <c>migrate</c> and <c>migrate-set-capabilities</c> are refused in these states.
    /// An unknown word counts as running: the careful side.
    /// </summary>
    public static bool IsInProgress(this MigrationStatus status) => status switch
    {
        MigrationStatus.None or MigrationStatus.Cancelled or MigrationStatus.Completed or MigrationStatus.Failed => false,
        MigrationStatus.Setup or MigrationStatus.Cancelling or MigrationStatus.Active or MigrationStatus.PostcopyDevice
            or MigrationStatus.PostcopyActive or MigrationStatus.PostcopyPaused or MigrationStatus.PostcopyRecoverSetup
            or MigrationStatus.PostcopyRecover or MigrationStatus.Failing or MigrationStatus.Colo or MigrationStatus.PreSwitchover
            or MigrationStatus.Device or MigrationStatus.WaitUnplug or MigrationStatus.Unknown => true,
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not in the table of states"),
    };
}
