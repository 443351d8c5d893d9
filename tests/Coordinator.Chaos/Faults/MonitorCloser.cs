using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Chaos.Faults;

/// <summary>
/// Closes the agent's connections to a QEMU's monitor without touching either process: a descriptor of the very socket is borrowed from QEMU (pidfd_getfd) and shut down. The
/// observer's monitor stays.
/// </summary>
internal static partial class MonitorCloser
{
    private const int PidFdOpen = 434; // the same on x86-64 and ARM64
    private const int PidFdGetFd = 438;
    private const int BothWays = 2;
    private const string Connected = "03";

    /// <returns>How many there were.</returns>
    public static int Close(int qemu)
    {
        HashSet<string> inodes = [.. File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{qemu}/net/unix"))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length == 8 && fields[5] == Connected && fields[7].Contains("/qmp/", StringComparison.Ordinal))
            .Select(fields => $"socket:[{fields[6]}]")];
        using SafeFileHandle process = new((nint)Call(PidFdOpen, qemu, 0, 0), ownsHandle: true);
        int closed = 0;
        foreach (string descriptor in Directory.GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{qemu}/fd")))
        {
            if (new FileInfo(descriptor).LinkTarget is { } target && inodes.Contains(target))
            {
                long borrowed = Call(PidFdGetFd, (int)process.DangerousGetHandle(), int.Parse(Path.GetFileName(descriptor), CultureInfo.InvariantCulture), 0);
                using SafeFileHandle socket = new((nint)borrowed, ownsHandle: true);
                if (Shutdown(socket, BothWays) != 0)
                {
                    throw new Win32Exception(Marshal.GetLastPInvokeError());
                }

                closed++;
            }
        }

        return closed;
    }

    private static long Call(int number, int first, int second, int third) =>
        SystemCall(number, first, second, third) is >= 0 and long result ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, int first, int second, int third);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    private static partial int Shutdown(SafeFileHandle socket, int how);
}
