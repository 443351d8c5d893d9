namespace Coordinator.Domain.QemuModel;

/// <summary>Every word of <c>query-status.status</c> of QEMU 7.2 and 10.x (qapi/run-state.json).</summary>
public enum RunState : byte
{
    /// <summary>A word that we do not know, or a process that is not alive.</summary>
    Unknown,
    Debug,
    InMigrate,
    InternalError,
    IoError,
    Paused,
    PostMigrate,
    PreLaunch,
    FinishMigrate,
    RestoreVm,
    Running,
    SaveVm,
    Shutdown,
    Suspended,
    Watchdog,
    GuestPanicked,
    Colo,
}

public static class RunStateWords
{
    public static string ToQmp(this RunState state) => state switch
    {
        RunState.Debug => "debug",
        RunState.InMigrate => "inmigrate",
        RunState.InternalError => "internal-error",
        RunState.IoError => "io-error",
        RunState.Paused => "paused",
        RunState.PostMigrate => "postmigrate",
        RunState.PreLaunch => "prelaunch",
        RunState.FinishMigrate => "finish-migrate",
        RunState.RestoreVm => "restore-vm",
        RunState.Running => "running",
        RunState.SaveVm => "save-vm",
        RunState.Shutdown => "shutdown",
        RunState.Suspended => "suspended",
        RunState.Watchdog => "watchdog",
        RunState.GuestPanicked => "guest-panicked",
        RunState.Colo => "colo",
        RunState.Unknown => throw new ArgumentOutOfRangeException(nameof(state), state, "an unknown run state has no word"),
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "not in the table of words"),
    };

    public static RunState Parse(string? word) => word switch
    {
        "debug" => RunState.Debug,
        "inmigrate" => RunState.InMigrate,
        "internal-error" => RunState.InternalError,
        "io-error" => RunState.IoError,
        "paused" => RunState.Paused,
        "postmigrate" => RunState.PostMigrate,
        "prelaunch" => RunState.PreLaunch,
        "finish-migrate" => RunState.FinishMigrate,
        "restore-vm" => RunState.RestoreVm,
        "running" => RunState.Running,
        "save-vm" => RunState.SaveVm,
        "shutdown" => RunState.Shutdown,
        "suspended" => RunState.Suspended,
        "watchdog" => RunState.Watchdog,
        "guest-panicked" => RunState.GuestPanicked,
        "colo" => RunState.Colo,
        _ => RunState.Unknown,
    };
}
