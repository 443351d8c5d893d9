using System.Diagnostics;

namespace Coordinator.History;

/// <summary>
/// The wall clock as histories count it: microseconds since the Unix epoch. QEMU stamps its events with the same clock of the host. A clock that is set while the process runs does
/// not move its history: an order of steps that was not so could then not be told from one that was.
/// </summary>
public static class HistoryClock
{
    // What a clock is slewed by within one pause between two records is far less; what somebody sets is rarely less.
    private const long SetByMicros = 500_000;

    private static readonly Lock s_gate = new();
    private static long s_anchorMicros = Micros(DateTimeOffset.UtcNow);
    private static long s_anchorStamp = Stopwatch.GetTimestamp();

    public static long NowMicros()
    {
        lock (s_gate)
        {
            long stamp = Stopwatch.GetTimestamp();
            long wall = Micros(DateTimeOffset.UtcNow);
            long steady = s_anchorMicros + (long)Stopwatch.GetElapsedTime(s_anchorStamp, stamp).TotalMicroseconds;
            if (Math.Abs(wall - steady) >= SetByMicros)
            {
                return steady;
            }

            (s_anchorMicros, s_anchorStamp) = (wall, stamp);
            return wall;
        }
    }

    public static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
}
