using System.Globalization;
using Coordinator.Agent.Definitions;

namespace Coordinator.Agent.Processes;

/// <summary>What /proc says about other processes.</summary>
internal static class ProcessTable
{
    /// <summary>Field 22 of /proc/PID/stat, null when the process is gone.</summary>
    public static long? StartTimeTicks(int pid)
    {
        var stat = Read(pid, "stat");
        // Field 2 is the command in parentheses and may hold anything, parentheses and blanks too; field 3 follows the last one.
        var fields = stat?[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields is { Length: > 19 } && long.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? ticks : null;
    }

    /// <summary>File name of the program that the process runs; null when it is gone or belongs to somebody else.</summary>
    public static string? Program(int pid)
    {
        try
        {
            return Path.GetFileName(new FileInfo($"/proc/{pid}/exe").LinkTarget?.Replace(" (deleted)", "", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The arguments of a process, its own name first; empty when it is gone.</summary>
    public static IReadOnlyList<string> Arguments(int pid) => Read(pid, "cmdline")?.Split('\0') ?? [];

    /// <summary>
    /// Processes whose arguments carry the launch id, also in the moment before the shell of the launcher has become QEMU. For an agent that died
    /// between launching and recording: "none" then means that the launch never happened or its QEMU is gone.
    /// </summary>
    public static IReadOnlyList<QemuProcessIdentity> OfLaunch(string launchId)
    {
        var wanted = QemuCommandLine.MonitorArgument(launchId);
        return [.. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 1 && Read(pid, "cmdline")?.Split('\0').Contains(wanted, StringComparer.Ordinal) == true)
            .Select(QemuProcessIdentity.OfPid)
            .OfType<QemuProcessIdentity>()];
    }

    /// <summary>What <c>-name guest=</c> and <c>-uuid</c> of a QEMU that an agent launched say; empty where they say nothing.</summary>
    public static (string Name, string Uuid) GuestOf(int pid) => GuestOf(Read(pid, "cmdline")?.Split('\0') ?? []);

    /// <inheritdoc cref="GuestOf(int)"/>
    public static (string Name, string Uuid) GuestOf(string[] arguments)
    {
        const string Guest = "guest=";
        string name = After("-name").Split(',').FirstOrDefault(part => part.StartsWith(Guest, StringComparison.Ordinal)) ?? "";
        return (name.Length > 0 ? name[Guest.Length..] : "", After("-uuid"));

        string After(string option) => Array.IndexOf(arguments, option) is >= 0 and var at && at + 1 < arguments.Length ? arguments[at + 1] : "";
    }

    private static string? Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
