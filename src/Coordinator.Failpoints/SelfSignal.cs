using System.Runtime.InteropServices;

namespace Coordinator.Failpoints;

/// <summary>Signals to the own process. Both act before the call returns: SIGKILL never returns, SIGSTOP returns after SIGCONT.</summary>
internal static partial class SelfSignal
{
    private const int Kill = 9; // signal(7), the same on x86 and ARM
    private const int Stop = 19;

    public static void Send(FailpointDeed deed) => _ = Signal(Environment.ProcessId, deed == FailpointDeed.Kill ? Kill : Stop);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
