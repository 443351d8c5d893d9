using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Coordinator.Lab.Processes;

/// <summary>
/// Signals to processes, also to those that this one did not start: QEMUs are children of their agents. One that has ended already is as good as killed; only to be frozen, a process
/// must be there.
/// </summary>
public static partial class ProcessSignal
{
    // signal(7), the same numbers on x86 and ARM.
    private const int KillNumber = 9;
    private const int TerminateNumber = 15;
    private const int ContinueNumber = 18;
    private const int StopNumber = 19;
    private const int NoSuchProcess = 3;

    public static void Kill(int pid) => SendIfThere(pid, KillNumber);

    public static void Terminate(int pid) => SendIfThere(pid, TerminateNumber);

    /// <summary>SIGSTOP: it does nothing any more and its connections stay open. Killing it works all the same.</summary>
    public static void Freeze(int pid)
    {
        if (SendSignal(pid, StopNumber) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    public static void Thaw(int pid) => SendIfThere(pid, ContinueNumber);

    private static void SendIfThere(int pid, int signal)
    {
        if (SendSignal(pid, signal) != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and int error)
        {
            throw new Win32Exception(error);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
