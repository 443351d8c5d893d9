using System.Runtime.InteropServices;

namespace Coordinator.Agent.Simulated;

/// <summary>How the simulated QEMU is started: this very program with another first word, so that what a host simulates is always as old as its agent.</summary>
internal static class SimulatedProgram
{
    public const string Word = "simulated-qemu";

    /// <summary>What it is to hosts' lists, and in its greeting: the version whose behaviour it has.</summary>
    public const string Version = "10.0.2";

    /// <summary>
    /// The runtime itself: QEMUs are launched with next to no environment, in which the small native program beside the agent would not find a runtime that is not installed in a
    /// usual place.
    /// </summary>
    public static string Binary => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    public static IReadOnlyList<string> FirstArguments => [Path.Combine(AppContext.BaseDirectory, "coordinator-agent.dll"), Word];
}
