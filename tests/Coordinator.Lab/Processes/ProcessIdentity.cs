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
            // Of a killed process the first thread may be a zombie while others still end, and until the last one has, its sockets are open and take what is sent (seen with QEMU for
            // up to 8 ms on a busy machine). Field 20 counts those that are not released yet.
            return (fields[0] is "Z" or "X") && (fields[17] is "0" or "1") ? null : new(pid, long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
