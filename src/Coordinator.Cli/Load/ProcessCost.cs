using System.Globalization;
using Coordinator.Cli.Local;

namespace Coordinator.Cli.Load;

/// <summary>What processes have cost so far, by the kernel's count, their ended children included (the guests' placeholders).</summary>
/// <param name="CpuSeconds">User and system.</param>
/// <param name="ResidentBytes">Now, without children.</param>
internal sealed record ProcessCost(double CpuSeconds, long ResidentBytes)
{
    const double TicksPerSecond = 100;
    static readonly long s_pageBytes = System.Environment.SystemPageSize;

    public static ProcessCost Of(IEnumerable<ChildProcess> processes)
    {
        var (cpu, resident) = (0.0, 0L);
        foreach (var process in processes)
        {
            try
            {
                var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Pid}/stat"));
                // Behind the name, which may hold anything: state is the first of these, user time the twelfth.
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                cpu += fields[11..15].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond;
                resident += long.Parse(fields[21], CultureInfo.InvariantCulture) * s_pageBytes;
            }
            catch (IOException)
            {
                // It has ended; the run says so by itself.
            }
        }
        return new(cpu, resident);
    }
}
