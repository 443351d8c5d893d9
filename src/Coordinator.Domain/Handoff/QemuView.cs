using Coordinator.Domain.QemuModel;

namespace Coordinator.Domain.Handoff;

/// <summary>
/// What an agent last saw of one QEMU process. <paramref name="Alive"/> false means proven dead, never merely silent. On a source, <paramref name="Status"/> is the
/// status of the outgoing migration only: a QEMU that itself arrived by migration reports <c>completed</c> without RAM figures, which the driver shows as
/// <see cref="MigrationStatus.None"/>. Two facts, never one: a <c>failed</c> migration says nothing about whether the guest runs.
/// </summary>
public readonly record struct QemuView(LaunchId Launch, bool Alive, RunState Run, MigrationStatus Status)
{
    public bool GuestRuns => Alive && Run == RunState.Running;

    /// <summary>
    /// Device state and memory are complete and the guest has not run here: <c>completed</c>, and <c>paused</c>, (source never ran) <c>prelaunch</c> or (it shut itself down just
    /// before it was stopped) <c>shutdown</c>.
    /// </summary>
    public bool IsLoaded => Alive && Status == MigrationStatus.Completed && Run is RunState.Paused or RunState.PreLaunch or RunState.Shutdown;

    /// <summary>A destination to which nobody has connected. 7.2 says no status at all while it listens, 10.0 says <c>setup</c>.</summary>
    public bool AwaitsStream => Alive && Run == RunState.InMigrate && Status is MigrationStatus.None or MigrationStatus.Setup;

    /// <summary>
    /// The guest has shut itself down and its QEMU was told to keep it (<c>set-action shutdown=pause</c> for the time of a migration): it has come to its own end and is never
    /// continued.
    /// </summary>
    public bool HasShutDown => Alive && Run == RunState.Shutdown;

    public static QemuView Gone(LaunchId launch) => new(launch, Alive: false, RunState.Shutdown, MigrationStatus.None);
}
