using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Coordinator.Chaos.Faults;

/// <summary>Signals to processes that this one did not start: QEMUs are children of their agents.</summary>
internal static partial class ProcessSignal
{
    private const int KillNumber = 9; // signal(7), the same on x86 and ARM
    private const int NoSuchProcess = 3;

    /// <summary>SIGKILL; one that has ended already is as good.</summary>
    public static void Kill(int pid)
    {
        if (Send(pid, KillNumber) != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and int error)
        {
            throw new Win32Exception(error);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int process, int signal);
}
