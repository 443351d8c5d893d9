using Coordinator.Agent.Processes;
using Coordinator.Qmp;

namespace Coordinator.Agent.Tests.Support;

/// <summary>Signals and foreign monitors: what a bad day, or a person, does to a QEMU behind the agent's back.</summary>
internal static class Disturbance
{
    public static Task KillAsync(Guid launch) => QemuProcess.KillAsync(TwoHosts.QemuOf(launch), TimeSpan.FromSeconds(10));

    public static void Freeze(int pid) => Signal(pid, "-STOP");

    public static void Thaw(int pid) => Signal(pid, "-CONT");

    public static void Terminate(int pid) => Signal(pid, "-TERM");

    public static async Task<string> SayAsync(string socket, string command)
    {
        await using QmpConnection monitor = await QmpConnection.ConnectAsync(QmpEndpoint.Unix(socket), QmpOptions.Default);
        return (await monitor.ExecuteAsync(command)).GetRawText();
    }

    private static void Signal(int pid, string signal)
    {
        using System.Diagnostics.Process kill = System.Diagnostics.Process.Start("kill", [signal, $"{pid}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
