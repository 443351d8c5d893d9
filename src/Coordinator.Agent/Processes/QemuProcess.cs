using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Processes;

/// <summary>A QEMU that this agent watches, launched or adopted. Disposing stops watching and leaves QEMU alone.</summary>
public sealed class QemuProcess : IDisposable
{
    private readonly SafeFileHandle _pidFd;
    private readonly string? _monitorPath;
    private readonly Task<QemuExit> _exit;

    private QemuProcess(QemuProcessIdentity identity, SafeFileHandle pidFd, string? monitorPath)
    {
        Identity = identity;
        _pidFd = pidFd;
        _monitorPath = monitorPath;
        _exit = WatchAsync();
    }

    public QemuProcessIdentity Identity { get; }

    /// <summary>True only when proven.</summary>
    public bool HasExited => _exit.IsCompleted || LinuxProcessCalls.HasExited(_pidFd);

    /// <summary>Takes up the very process that was recorded, and no other with the same number.</summary>
    /// <param name="identity">As recorded.</param>
    /// <param name="monitorPath">Its monitor's socket file, removed when QEMU is gone (QEMU that is killed leaves it); null: not known, or not ours.</param>
    /// <param name="process">Set when the answer is <see cref="QemuPresence.Alive"/>.</param>
    public static QemuPresence Attach(QemuProcessIdentity identity, string? monitorPath, out QemuProcess? process)
    {
        var presence = Look(identity, out var pidFd);
        process = pidFd is null ? null : new QemuProcess(identity, pidFd, monitorPath);
        if (presence == QemuPresence.Gone)
        {
            MonitorListener.Remove(monitorPath);
        }

        return presence;
    }

    /// <summary>One look, nothing is watched afterwards. A dead child of ours is reaped.</summary>
    /// <param name="identity">As recorded.</param>
    /// <param name="pidFd">Set when the answer is <see cref="QemuPresence.Alive"/>.</param>
    internal static QemuPresence Look(QemuProcessIdentity identity, out SafeFileHandle? pidFd)
    {
        pidFd = null;
        if (identity.ByOrigin() is { } known)
        {
            return known;
        }

        var found = LinuxProcessCalls.OpenPidFd(identity.Pid);
        // The order matters: /proc is read by number. Was the descriptor's process still there after the reading, then the number was its own all the time.
        if (found is null || ProcessTable.StartTimeTicks(identity.Pid) != identity.StartTimeTicks || !LinuxProcessCalls.SendSignal(found, 0))
        {
            found?.Dispose();
            return QemuPresence.Gone;
        }

        if (LinuxProcessCalls.HasExited(found))
        {
            LinuxProcessCalls.WithDescriptor(found, LinuxProcessCalls.Reap);
            found.Dispose();
            return QemuPresence.Gone;
        }

        pidFd = found;
        return QemuPresence.Alive;
    }

    /// <summary>A child that was just started; it may have ended already, its number is ours until it is reaped.</summary>
    internal static QemuProcess? OfChild(int pid, string monitorPath)
    {
        var pidFd = LinuxProcessCalls.OpenPidFd(pid);
        if (pidFd is not null && QemuProcessIdentity.OfChild(pid) is { } identity)
        {
            return new QemuProcess(identity, pidFd, monitorPath);
        }

        pidFd?.Dispose();
        return null;
    }

    /// <summary>Completes at once when the process ends, child or not; a zombie of ours is reaped.</summary>
    public Task<QemuExit> WaitForExitAsync(CancellationToken cancellation = default) => _exit.WaitAsync(cancellation);

    /// <summary>A descriptor of that process, as one of our own: both are the same open file.</summary>
    /// <exception cref="IOException">There is none of this number, or the kernel refuses to lend it.</exception>
    internal SafeFileHandle Borrow(int descriptor) => LinuxProcessCalls.Borrow(_pidFd, descriptor);

    /// <summary>SIGKILL to this very process, then waits until it is proven gone.</summary>
    /// <returns>False when it still was not gone at the limit: a process in an uninterruptible disk or network wait ends only with it. Then nothing
    /// may be done that needs it gone.</returns>
    public async Task<bool> KillAsync(TimeSpan limit, CancellationToken cancellation = default)
    {
        if (!_exit.IsCompleted)
        {
            LinuxProcessCalls.SendSignal(_pidFd, LinuxProcessCalls.SigKill);
        }

        try
        {
            await _exit.WaitAsync(limit, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>For a recorded process that nobody watches. Kills nothing when the identity does not match.</summary>
    /// <returns>Gone; Alive when it was not gone at the limit; Unknown when this agent cannot see it.</returns>
    public static async Task<QemuPresence> KillAsync(QemuProcessIdentity identity, TimeSpan limit, CancellationToken cancellation = default)
    {
        var presence = Attach(identity, monitorPath: null, out var process);
        if (process is null)
        {
            return presence;
        }

        using (process)
        {
            return await process.KillAsync(limit, cancellation) ? QemuPresence.Gone : QemuPresence.Alive;
        }
    }

    public void Dispose() => _pidFd.Dispose();

    private async Task<QemuExit> WatchAsync()
    {
        var exit = await ProcessExitWatch.Shared.Exited(_pidFd);
        MonitorListener.Remove(_monitorPath);
        return exit;
    }
}
