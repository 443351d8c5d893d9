using System.Globalization;

namespace Coordinator.Lab.Evidence;

/// <summary>
/// How much longer everything takes on this machine now than on one that does nothing else: what waits for a core, per core. Bounds of a few seconds are bounds for processes that get
/// a core; where tens of others compile meanwhile, they are as much longer, up to five times. On a quiet machine they are what they are.
/// </summary>
public static class MachineLoad
{
    private const double AtMost = 5;

    public static double PerCore => Math.Clamp(double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) / Environment.ProcessorCount, 1, AtMost);
}
