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

    /// <summary>Device state and memory are complete and the guest has not run here: <c>completed</c>, and <c>paused</c> or (source never ran) <c>prelaunch</c>.</summary>
    public bool IsLoaded => Alive && Status == MigrationStatus.Completed && Run is RunState.Paused or RunState.PreLaunch;

    public static QemuView Gone(LaunchId launch) => new(launch, Alive: false, RunState.Shutdown, MigrationStatus.None);
}
