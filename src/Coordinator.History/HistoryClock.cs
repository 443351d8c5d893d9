namespace Coordinator.History;

/// <summary>The wall clock as histories count it: microseconds since the Unix epoch. QEMU stamps its events with the same clock of the host.</summary>
public static class HistoryClock
{
    public static long NowMicros() => Micros(DateTimeOffset.UtcNow);

    public static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
}
