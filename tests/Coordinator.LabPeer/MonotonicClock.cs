using System.Diagnostics;

namespace Coordinator.LabPeer;

/// <summary>CLOCK_MONOTONIC in nanoseconds: one clock for all processes of the machine, network namespaces included.</summary>
public static class MonotonicClock
{
    public static long NowNs => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
}
