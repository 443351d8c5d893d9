using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Processes;

/// <summary>
/// pidfd, waitid and poll. A pidfd names one process for ever, so no signal can reach a stranger that got the same number; System.Diagnostics.Process
/// knows numbers only, and for a process that is not a child it polls every 100 ms for the exit.
/// </summary>
internal static partial class LinuxProcessCalls
{
    public const int SigKill = 9;
    public const short PollIn = 1;

    private const int NotPermitted = 1;
    private const int NoSuchProcess = 3;
    private const int Interrupted = 4;
    private const int CloseOnExec = 0x80000;
    private const int DuplicateCloseOnExec = 1030;
    private const int WaitByPidFd = 3;
    private const int WaitExitedNoHang = 4 | 1;

    // The same numbers on every architecture (they are newer than the unification of the tables).
    private const nint PidFdSendSignalNumber = 424;
    private const nint PidFdOpenNumber = 434;
    private const nint PidFdGetFdNumber = 438;

    /// <summary>Null when there is no such process, zombies excluded (they have one).</summary>
    /// <exception cref="PlatformNotSupportedException">Linux older than 5.3, or a sandbox that forbids it: processes could then not be told apart.</exception>
    public static SafeFileHandle? OpenPidFd(int pid)
    {
        var descriptor = (int)Syscall(PidFdOpenNumber, pid, 0, 0, 0);
        if (descriptor >= 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? null : throw new PlatformNotSupportedException($"pidfd_open failed ({Explain(error)}); the agent needs Linux 5.4 or "
            + "newer, and a sandbox that permits pidfd_open.");
    }

    /// <summary>Signal 0 only asks whether the process was not reaped yet. False: there is no such process any more.</summary>
    public static bool SendSignal(SafeFileHandle pidFd, int signal)
    {
        var error = WithDescriptor(pidFd, descriptor => Syscall(PidFdSendSignalNumber, descriptor, signal, 0, 0) == 0 ? 0 : Marshal.GetLastPInvokeError());
        return error switch
        {
            0 => true,
            NoSuchProcess => false,
            // Somebody else's process: it exists.
            NotPermitted when signal == 0 => true,
            _ => throw new IOException($"the process cannot be signalled: {Explain(error)}"),
        };
    }

    /// <summary>pidfd_getfd: Linux 5.6, and the right to trace the process.</summary>
    /// <exception cref="IOException">With the kernel's reason.</exception>
    public static SafeFileHandle Borrow(SafeFileHandle pidFd, int descriptor)
    {
        var borrowed = WithDescriptor(pidFd, process => (int)Syscall(PidFdGetFdNumber, process, descriptor, 0, 0));
        return borrowed >= 0
            ? new SafeFileHandle(borrowed, ownsHandle: true)
            : throw new IOException($"descriptor {descriptor} of the process cannot be borrowed: {Explain(Marshal.GetLastPInvokeError())}");
    }

    /// <summary>
    /// Readable = every thread of the process has ended. (The state letter Z in /proc says so of the first thread only; others may still run.)
    /// </summary>
    public static bool HasExited(SafeFileHandle pidFd) => WithDescriptor(pidFd, descriptor =>
    {
        Span<PollEntry> entry = [new PollEntry { Descriptor = descriptor, Events = PollIn }];
        Poll(entry, 0);
        return entry[0].Returned != 0;
    });

    public static void Poll(Span<PollEntry> entries, int timeoutMs)
    {
        while (PollCall(ref MemoryMarshal.GetReference(entries), (nuint)entries.Length, timeoutMs) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw new IOException($"poll failed: {Explain(error)}");
            }
        }
    }

    /// <summary>Takes the zombie of a child of ours away. Null when the process is not our child, or was reaped already.</summary>
    public static QemuExit? Reap(int pidFd)
    {
        Span<int> info = stackalloc int[32];
        info.Clear();
        if (WaitId(WaitByPidFd, (uint)pidFd, ref info[0], WaitExitedNoHang, 0) != 0)
        {
            return null;
        }

        // siginfo_t: si_code at 8, si_pid at 16, si_status at 24 (64-bit architectures). CLD_EXITED = 1; killed and dumped give a signal.
        // .NET's own SIGCHLD handler reaps only children of System.Diagnostics.Process, so it does not come before us.
        var (code, pid, status) = (info[2], info[4], info[6]);
        return pid == 0 ? null : code == 1 ? new QemuExit(status, null) : new QemuExit(null, status);
    }

    /// <summary>The number cannot be closed and given again while it is used.</summary>
    public static T WithDescriptor<T>(SafeFileHandle handle, Func<int, T> use)
    {
        var kept = false;
        try
        {
            handle.DangerousAddRef(ref kept);
            return use((int)handle.DangerousGetHandle());
        }
        finally
        {
            if (kept)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Another descriptor of the same socket, not passed on to children.</summary>
    /// <exception cref="IOException">With the kernel's reason.</exception>
    public static SafeSocketHandle DuplicateSocket(SafeFileHandle handle)
    {
        int copy = WithDescriptor(handle, descriptor => Control(descriptor, DuplicateCloseOnExec, 0));
        return copy >= 0 ? new SafeSocketHandle(copy, ownsHandle: true) : throw new IOException($"a descriptor cannot be duplicated: {Explain(Marshal.GetLastPInvokeError())}");
    }

    /// <summary>Neither end is passed on to children.</summary>
    /// <exception cref="IOException">With the kernel's reason.</exception>
    public static (SafeFileHandle Read, SafeFileHandle Write) Pipe()
    {
        Span<int> ends = stackalloc int[2];
        return PipeCall(ref ends[0], CloseOnExec) == 0
            ? (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true))
            : throw new IOException($"a pipe cannot be made: {Explain(Marshal.GetLastPInvokeError())}");
    }

    public static string Explain(int error) => new Win32Exception(error).Message;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial SafeFileHandle EventDescriptor(uint start, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int value);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int PipeCall(ref int ends, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int PollCall(ref PollEntry entries, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static partial int WaitId(int idType, uint id, ref int info, int options, nint usage);
}
