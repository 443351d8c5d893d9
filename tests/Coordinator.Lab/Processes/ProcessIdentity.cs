using System.Globalization;

namespace Coordinator.Lab.Processes;

/// <summary>A process id with the start time that keeps it from being mistaken for a later process of the same number.</summary>
/// <param name="StartTicks">Field 22 of /proc/PID/stat: clock ticks since boot.</param>
public readonly record struct ProcessIdentity(int Pid, long StartTicks)
{
    public static ProcessIdentity Current { get; } =
        Of(Environment.ProcessId) ?? throw new LabFailure("/proc does not show this process");

    public bool IsAlive => Of(Pid) == this;

    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The command name is in parentheses and may itself hold spaces and parentheses; after it field 3 comes first.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "X" || (fields[0] is "Z" && IsLastThread(pid)) ? null : new(pid, long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>After a SIGKILL the first thread of a process may be a zombie while others are still dying; until the last of them is dead its sockets take what is sent to them.</summary>
    private static bool IsLastThread(int pid) => Directory.EnumerateDirectories($"/proc/{pid}/task").Take(2).Count() < 2;
}
