using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Processes;

/// <summary>
/// One thread that waits for the exit of every watched process by poll on their pidfds, children or not. .NET's own socket engine refuses descriptors
/// that are not sockets, and a thread per guest would be a hundred.
/// </summary>
internal sealed class ProcessExitWatch
{
    private const int EventNonBlockingCloseOnExec = 0x800 | 0x80000;

    public static readonly ProcessExitWatch Shared = new();

    private readonly ConcurrentQueue<Watched> _added = new();
    private readonly SafeFileHandle _wake = LinuxProcessCalls.EventDescriptor(0, EventNonBlockingCloseOnExec);

    private ProcessExitWatch()
    {
        new Thread(Run) { IsBackground = true, Name = "process exits" }.Start();
    }

    /// <summary>
    /// Completes when every thread of the process has ended, and reaps it if it is ours. The descriptor is kept open until then, even if its owner
    /// disposes it.
    /// </summary>
    public Task<QemuExit> Exited(SafeFileHandle pidFd)
    {
        var watched = new Watched(pidFd, new TaskCompletionSource<QemuExit>(TaskCreationOptions.RunContinuationsAsynchronously));
        var kept = false;
        pidFd.DangerousAddRef(ref kept);
        _added.Enqueue(watched);
        RandomAccess.Write(_wake, BitConverter.GetBytes(1L), 0);
        return watched.Done.Task;
    }

    private void Run()
    {
        var all = new List<Watched>();
        var drained = new byte[8];
        while (true)
        {
            while (_added.TryDequeue(out var added))
            {
                all.Add(added);
            }

            var entries = new LinuxProcessCalls.PollEntry[all.Count + 1];
            entries[0] = new() { Descriptor = (int)_wake.DangerousGetHandle(), Events = LinuxProcessCalls.PollIn };
            for (var i = 0; i < all.Count; i++)
            {
                entries[i + 1] = new() { Descriptor = (int)all[i].PidFd.DangerousGetHandle(), Events = LinuxProcessCalls.PollIn };
            }

            LinuxProcessCalls.Poll(entries, timeoutMs: -1);
            if (entries[0].Returned != 0)
            {
                RandomAccess.Read(_wake, drained, 0);
            }

            for (var i = all.Count - 1; i >= 0; i--)
            {
                if (entries[i + 1].Returned != 0)
                {
                    all[i].Done.SetResult(LinuxProcessCalls.Reap(entries[i + 1].Descriptor) ?? QemuExit.ReasonUnknown);
                    all[i].PidFd.DangerousRelease();
                    all.RemoveAt(i);
                }
            }
        }
    }

    private sealed record Watched(SafeFileHandle PidFd, TaskCompletionSource<QemuExit> Done);
}
