namespace Coordinator.Agent.Processes;

/// <summary>
/// A QEMU that came up: its machine is made, in <c>prelaunch</c> or <c>inmigrate</c>, and its monitor is free. Disposing lets go of it and leaves it
/// running.
/// </summary>
/// <param name="Process">Its identity is to be recorded before anything is asked of the QEMU.</param>
/// <param name="MonitorPath">Where the QMP client connects, in this life of the agent and the next. QEMU serves one connection at a time.</param>
/// <param name="LogPath">stdout and stderr.</param>
/// <param name="LaunchToMonitor">From before the spawn to the first answer.</param>
public sealed record LaunchedQemu(QemuProcess Process, string MonitorPath, string LogPath, TimeSpan LaunchToMonitor) : IDisposable
{
    public void Dispose() => Process.Dispose();
}
