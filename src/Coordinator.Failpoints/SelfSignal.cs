using System.Runtime.InteropServices;

namespace Coordinator.Failpoints;

/// <summary>
/// Signals to the own process. Both act before the call returns: SIGKILL never returns, SIGSTOP returns after SIGCONT. Therefore <c>raise(3)</c>, which signals the calling thread: a signal to the process
/// (<c>kill(2)</c>) may be taken by another thread, and this one runs on until that thread has got a processor.
/// </summary>
internal static partial class SelfSignal
{
    private const int Kill = 9; // signal(7), the same on x86 and ARM
    private const int Stop = 19;

    public static void Send(FailpointDeed deed) => _ = Raise(deed == FailpointDeed.Kill ? Kill : Stop);

    [LibraryImport("libc", EntryPoint = "raise", SetLastError = true)]
    private static partial int Raise(int signal);
}
