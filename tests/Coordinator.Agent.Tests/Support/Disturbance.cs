using Coordinator.Agent.Processes;
using Coordinator.Lab.Processes;
using Coordinator.Qmp;
using QemuProcess = Coordinator.Agent.Processes.QemuProcess;

namespace Coordinator.Agent.Tests.Support;

/// <summary>Signals and foreign monitors: what a bad day, or a person, does to a QEMU behind the agent's back.</summary>
internal static class Disturbance
{
    public static Task KillAsync(Guid launch) => QemuProcess.KillAsync(TwoHosts.QemuOf(launch), TimeSpan.FromSeconds(10));

    public static void Freeze(int pid) => ProcessSignal.Freeze(pid);

    public static void Thaw(int pid) => ProcessSignal.Thaw(pid);

    public static void Terminate(int pid) => ProcessSignal.Terminate(pid);

    public static async Task<string> SayAsync(string socket, string command)
    {
        await using QmpConnection monitor = await QmpConnection.ConnectAsync(QmpEndpoint.Unix(socket), QmpOptions.Default);
        return (await monitor.ExecuteAsync(command)).GetRawText();
    }
}
