using System.Globalization;

namespace Coordinator.Agent.Processes;

/// <summary>
/// One process for ever: a pid alone is given again. Recorded durably, so that an agent that starts anew can take its QEMUs up.
/// </summary>
/// <param name="Pid">As seen by the agent.</param>
/// <param name="StartTimeTicks">Field 22 of /proc/PID/stat: clock ticks after boot.</param>
/// <param name="BootId">/proc/sys/kernel/random/boot_id; another one proves the process gone.</param>
/// <param name="Namespaces">PID and time namespace of the agent. In another PID namespace the same number is another process, and its absence proves
/// nothing.</param>
public sealed record QemuProcessIdentity(int Pid, long StartTimeTicks, string BootId, string Namespaces)
{
    private static readonly string OwnBootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
    private static readonly string OwnNamespaces = $"{NamespaceId("pid")}.{NamespaceId("time")}";

    /// <summary>Null when no such process runs.</summary>
    public static QemuProcessIdentity? OfPid(int pid)
    {
        using var pidFd = LinuxProcessCalls.OpenPidFd(pid);
        return pidFd is null || LinuxProcessCalls.HasExited(pidFd) || ProcessTable.StartTimeTicks(pid) is not { } start
            || !LinuxProcessCalls.SendSignal(pidFd, 0)
            ? null
            : new QemuProcessIdentity(pid, start, OwnBootId, OwnNamespaces);
    }

    /// <summary>Without the proof that <see cref="OfPid"/> needs: an unreaped child keeps its number, dead or alive.</summary>
    internal static QemuProcessIdentity? OfChild(int pid) =>
        ProcessTable.StartTimeTicks(pid) is { } start ? new QemuProcessIdentity(pid, start, OwnBootId, OwnNamespaces) : null;

    public bool IsAlive => Observe() == QemuPresence.Alive;

    public QemuPresence Observe()
    {
        var presence = QemuProcess.Look(this, out var pidFd);
        pidFd?.Dispose();
        return presence;
    }

    /// <summary>What can be said without looking at processes; null: look.</summary>
    internal QemuPresence? ByOrigin() => BootId != OwnBootId ? QemuPresence.Gone : Namespaces != OwnNamespaces ? QemuPresence.Unknown : null;

    /// <summary>The form in which it is recorded.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid}:{StartTimeTicks}:{BootId}:{Namespaces}");

    /// <summary>Reads <see cref="ToString"/>; null for anything else.</summary>
    public static QemuProcessIdentity? TryParse(string text)
    {
        var parts = text.Split(':');
        return parts.Length == 4
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 1
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            && parts[2].Length > 0 && parts[3].Length > 0
            ? new QemuProcessIdentity(pid, start, parts[2], parts[3])
            : null;
    }

    // "pid:[4026531836]"; kernels without time namespaces have no such file.
    private static string NamespaceId(string kind) =>
        string.Concat((new FileInfo($"/proc/self/ns/{kind}").LinkTarget ?? "0").Where(char.IsAsciiDigit));
}
