using System.Diagnostics;
using System.Net.Sockets;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;

namespace Coordinator.Agent.Processes;

/// <summary>Launches QEMU so that it outlives the agent, and says at once when it does not come up.</summary>
/// <param name="scope">Where no keeper is asked.</param>
/// <param name="keeper">Socket of the <see cref="GuestKeeper"/> that starts QEMUs instead of this process; null for none.</param>
public sealed class QemuLauncher(QemuScope scope, string? keeper = null)
{
    /// <summary>For the proof that a QEMU that failed to come up is gone.</summary>
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    /// <summary>For a QEMU that has closed its monitor to be gone by itself.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly SystemdScope _systemd = new();

    private readonly KeeperDoor? _keeper = keeper is null ? null : new KeeperDoor(keeper);

    /// <summary>
    /// Returns when QEMU has made its machine and answers on its monitor. The identity is not recorded anywhere yet: until the caller has, <see
    /// cref="FindLaunch"/> finds the process by its launch id.
    /// </summary>
    /// <param name="line">From <see cref="VmDefinition.CommandLine"/>.</param>
    /// <param name="readyLimit">15-50 ms for an empty machine, but minutes where it allocates hundreds of GiB beforehand (prealloc=on).</param>
    /// <param name="cancellation">Kills the QEMU that was being launched.</param>
    /// <exception cref="QemuLaunchException">With the last lines that QEMU wrote.</exception>
    public async Task<LaunchedQemu> LaunchAsync(QemuCommandLine line, TimeSpan readyLimit, CancellationToken cancellation = default)
    {
        RequireBinary(line.Binary);
        var start = Stopwatch.GetTimestamp();
        var (process, monitor) = _keeper is null ? Spawn(line, _systemd.Prefix(scope, line.LaunchId, line.VmName)) : await SpawnAsync(_keeper, line, cancellation);
        try
        {
            using (monitor)
            {
                await AnsweredAsync(line, process, monitor, readyLimit, cancellation);
            }

            return new LaunchedQemu(process, line.QmpSocketPath, line.LogPath, Stopwatch.GetElapsedTime(start));
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>To be awaited before the first <see cref="FindLaunch"/> of a life: what an earlier life asked a keeper for is carried out or given up then.</summary>
    /// <exception cref="IOException">The keeper does not answer.</exception>
    public Task SettleAsync() => _keeper?.SettleAsync() ?? Task.CompletedTask;

    /// <summary>
    /// For an agent that died between launching and recording. Empty: no such launch happened, or its QEMU is gone. It sees the processes of this PID
    /// namespace, all users included (unless /proc hides them).
    /// </summary>
    public static IReadOnlyList<QemuProcessIdentity> FindLaunch(string launchId) => ProcessTable.OfLaunch(launchId);

    private static (QemuProcess Process, Socket Monitor) Spawn(QemuCommandLine line, IReadOnlyList<string> prefix)
    {
        var monitor = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        string? made = null;
        try
        {
            EnsureDirectories(line);
            using var log = QemuLog.Create(line.LogPath);
            // Our own descriptor of the listener must be closed before we wait, else its end would never be seen.
            using var listener = MonitorListener.Listen(line.QmpSocketPath);
            monitor.Connect(new UnixDomainSocketEndPoint(line.QmpSocketPath));
            made = line.QmpSocketPath;
            var pid = DetachedProcess.Start([.. prefix, line.Binary, .. line.Arguments], log.SafeFileHandle, listener);
            return (QemuProcess.OfChild(pid, line.QmpSocketPath)
                ?? throw new QemuLaunchException(LaunchFault.Exited, $"QEMU of VM {line.VmName} was gone at once, and its reason with it: the agent must not "
                    + "ignore SIGCHLD.", null), monitor);
        }
        catch (Exception e)
        {
            monitor.Dispose();
            MonitorListener.Remove(made);
            throw e is IOException or UnauthorizedAccessException or SocketException ? CannotBeLaunched(line, e) : e;
        }
    }

    private static async Task<(QemuProcess Process, Socket Monitor)> SpawnAsync(KeeperDoor keeper, QemuCommandLine line, CancellationToken cancellation)
    {
        try
        {
            EnsureDirectories(line);
            return await keeper.StartAsync(line, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            throw CannotBeLaunched(line, e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new QemuLaunchException(LaunchFault.Refused,
                $"QEMU of VM {line.VmName} cannot be launched: the keeper did not answer within {KeeperMessages.Limit.TotalSeconds:0} s; it ends what it starts too late", null, e);
        }
    }

    private static void EnsureDirectories(QemuCommandLine line)
    {
        PrivateDirectory.Ensure(Path.GetDirectoryName(line.QmpSocketPath)!);
        PrivateDirectory.Ensure(line.RunDirectory);
        PrivateDirectory.Ensure(line.StateDirectory);
    }

    private static QemuLaunchException CannotBeLaunched(QemuCommandLine line, Exception e) =>
        new(LaunchFault.Refused, $"QEMU of VM {line.VmName} cannot be launched: {e.Message}", null, e);

    private static async Task AnsweredAsync(QemuCommandLine line, QemuProcess process, Socket monitor, TimeSpan readyLimit, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(readyLimit);
        try
        {
            if (await MonitorProbe.AnswersAsync(monitor, limit.Token))
            {
                return;
            }
        }
        catch (OperationCanceledException)
        {
            var gone = await process.KillAsync(KillLimit, CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            var output = QemuLog.Tail(line.LogPath);
            throw new QemuLaunchException(LaunchFault.TimedOut,
                $"QEMU of VM {line.VmName} did not answer on its monitor within {readyLimit.TotalSeconds:0.###} s and was killed{NotProven(process, gone)}; it "
                    + $"wrote: {OneLine(output)}", output);
        }

        var exit = await EndedByItselfAsync(process)
            ?? (await process.KillAsync(KillLimit, CancellationToken.None) ? "closed its monitor and was killed"
                : "closed its monitor" + NotProven(process, gone: false));
        var tail = QemuLog.Tail(line.LogPath);
        throw new QemuLaunchException(LaunchFault.Exited, $"QEMU of VM {line.VmName} {exit}: {OneLine(tail)}{SystemdHint(tail)}", tail);
    }

    // Its monitor is closed a moment before it is gone; killing it in that moment would replace its exit code.
    private static async Task<string?> EndedByItselfAsync(QemuProcess process)
    {
        try
        {
            return (await process.WaitForExitAsync(CancellationToken.None).WaitAsync(EndLimit)).ToString();
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    // "Failed to connect to bus", "Failed to start transient scope unit": systemd-run could not make the scope (a container, a locked-down bus), and
    // QEMU never began.
    private static string SystemdHint(string tail) => tail.StartsWith("Failed to ", StringComparison.Ordinal)
        ? " (that was systemd-run; 'qemu.scope: never' in the host's configuration launches without it)"
        : "";

    private static void RequireBinary(string binary)
    {
        const UnixFileMode Runnable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if (!File.Exists(binary))
        {
            throw new QemuLaunchException(LaunchFault.NoBinary, $"there is no QEMU at {binary}; install it on this host, or set 'qemu.default' of the host's "
                + "configuration.", null);
        }

        if ((File.GetUnixFileMode(binary) & Runnable) == UnixFileMode.None)
        {
            throw new QemuLaunchException(LaunchFault.NoBinary, $"{binary} is not executable, so it is no QEMU binary.", null);
        }
    }

    private static string NotProven(QemuProcess process, bool gone) => gone ? "" : $" (process {process.Identity.Pid} could NOT be proven gone)";

    private static string OneLine(string tail) => tail.Length == 0 ? "(it wrote nothing)" : tail.Replace("\n", " | ", StringComparison.Ordinal);
}
