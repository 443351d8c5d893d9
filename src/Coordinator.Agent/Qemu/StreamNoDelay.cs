using System.Runtime.InteropServices;
using Coordinator.Agent.Processes;
using Microsoft.Win32.SafeHandles;
using QemuProcess = Coordinator.Agent.Processes.QemuProcess;

namespace Coordinator.Agent.Qemu;

/// <summary>
/// TCP_NODELAY for a migration stream, from outside of QEMU, which does not set it: the last small writes of the device state wait for the acknowledgement of those before, and
/// the receiver delays that by up to 40 ms. Measured over loopback, as often with 7.2.22 as with 10.0.2: half of all blackouts were 40 ms longer for it (median of 30: 31 and
/// 45 ms; without delay 7.5 and 6.6).
/// </summary>
internal static partial class StreamNoDelay
{
    private const int TcpLevel = 6;
    private const int NoDelay = 1;

    /// <summary>Sets it for each connection of the process to <paramref name="streamUri"/>.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="IOException">The kernel does not lend the socket (Linux before 5.6, or no right to trace that process), or the process is gone.</exception>
    public static int Set(QemuProcess process, string streamUri) =>
        TcpConnection.OfStream(process.Identity.Pid, streamUri).Count(connection => Set(process, streamUri, connection));

    /// <summary>The same for one connection that was seen there.</summary>
    /// <returns>False when it was closed since, and nothing is left that could wait: on a starved machine the whole guest has moved meanwhile.</returns>
    internal static bool Set(QemuProcess process, string streamUri, TcpConnection connection)
    {
        try
        {
            using SafeFileHandle socket = process.Borrow(connection.Descriptor);

            // Not a .NET Socket: that would make the description non-blocking, which it shares with QEMU, and shut the connection down when disposed.
            return SetOption(socket, TcpLevel, NoDelay, 1, sizeof(int)) == 0
                ? true
                : throw new IOException($"TCP_NODELAY of {connection.Local} to {connection.Remote}: {LinuxProcessCalls.Explain(Marshal.GetLastPInvokeError())}");
        }
        catch (IOException) when (!TcpConnection.OfStream(process.Identity.Pid, streamUri).Contains(connection))
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(SafeFileHandle socket, int level, int name, in int value, uint length);
}
