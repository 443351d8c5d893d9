using System.Runtime.InteropServices;

namespace Coordinator.Agent.Processes;

/// <summary>
/// The agent does little, but for some of it a guest stands still: it goes before the vCPUs of a busy host. Its QEMUs do not: they get the priority back that the agent was
/// started with.
/// </summary>
internal static partial class AgentPriority
{
    private const int OfProcess = 0;
    private const int Raise = 10;

    /// <summary>What a program that the agent starts is run by, so that it has the agent's former priority.</summary>
    public static IReadOnlyList<string> Restored { get; private set; } = [];

    /// <summary>
    /// For the calling thread and those that it starts, so before any work. Without the right to do so (CAP_SYS_NICE) all stays as it is.
    /// </summary>
    public static void TryRaise()
    {
        if (SetPriority(OfProcess, 0, GetPriority(OfProcess, 0) - Raise) == 0)
        {
            Restored = ["nice", "-n", $"{Raise}"];
        }
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, uint who);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int value);
}
