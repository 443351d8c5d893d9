using System.Globalization;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Network;

/// <summary>
/// The name of a lab's network namespace tells who owns it, so that whatever a killed test run left behind is found by the next one:
/// <c>coordlab-PID-STARTTICKS-N</c>.
/// </summary>
public sealed record LabNamespaceName(ProcessIdentity Owner, int Number)
{
    const string Prefix = "coordlab";

    static int lastNumber;

    public static LabNamespaceName Next() => new(ProcessIdentity.Current, Interlocked.Increment(ref lastNumber));

    public static LabNamespaceName? Parse(string name)
    {
        var parts = name.Split('-');
        return parts.Length == 4 && parts[0] == Prefix
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var startTicks)
            && int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(new(pid, startTicks), number)
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}-{Owner.Pid}-{Owner.StartTicks}-{Number}");
}
