using System.Runtime.InteropServices;
using System.Text;
using Coordinator.Agent.Definitions;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Processes;

/// <summary>
/// The listening socket of a monitor, made by the agent and handed to QEMU as an open descriptor (as libvirt does): the agent connects before QEMU
/// exists, so nobody waits for a file to appear, and the end of QEMU before its greeting is the end of that connection. .NET's Socket cannot do it:
/// it deletes the socket file when the listener is disposed.
/// </summary>
internal static partial class MonitorListener
{
    private const int UnixFamily = 1;

    // Non-blocking, which QEMU inherits with the open description: while it starts, its main loop and its monitor thread both watch the listener,
    // both see the connection that waits there, and the one that comes second would stand in accept() for ever (measured on 7.2.22: 2 of 1,200
    // launches hung with the main thread in accept4; 0 of 2,500 so).
    private const int StreamNonBlockingCloseOnExec = 1 | 0x800 | 0x80000;
    private const int PathBytesAtMost = 107;

    /// <summary>Bound and listening, mode 0600. The caller gives the descriptor to QEMU and disposes its own.</summary>
    /// <exception cref="IOException">The path is taken, too long, or not writable.</exception>
    public static SafeFileHandle Listen(string path)
    {
        var bytes = Encoding.UTF8.GetBytes(path);
        if (bytes.Length > PathBytesAtMost)
        {
            throw new IOException($"the socket path {path} has {bytes.Length} bytes and Linux allows {PathBytesAtMost}; choose a shorter runDirectory.");
        }

        var address = new byte[2 + PathBytesAtMost + 1];
        BitConverter.TryWriteBytes(address, (ushort)UnixFamily);
        bytes.CopyTo(address, 2);
        var socket = Socket(UnixFamily, StreamNonBlockingCloseOnExec, 0);
        try
        {
            // The mode of the descriptor becomes the mode of the file at bind: it is never open to others, not even for a moment.
            if (socket.IsInvalid || ChangeMode(socket, 0x180 /* 0600 */) != 0 || Bind(socket, address, (uint)address.Length) != 0 || Listen(socket, 1) != 0)
            {
                throw new IOException($"the monitor socket {path} cannot be made: {LinuxProcessCalls.Explain(Marshal.GetLastPInvokeError())}");
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The files of the monitor and of its standby monitors. Litter only, so a failure is not worth more than the file that stays: names are never used twice.</summary>
    public static void Remove(string? path)
    {
        try
        {
            if (path is not null)
            {
                foreach (var socket in QemuCommandLine.StandbySocketsOf(path).Prepend(path))
                {
                    File.Delete(socket);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial SafeFileHandle Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    private static partial int ChangeMode(SafeFileHandle socket, uint mode);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeFileHandle socket, byte[] address, uint length);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    private static partial int Listen(SafeFileHandle socket, int backlog);
}
