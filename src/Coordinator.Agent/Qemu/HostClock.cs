namespace Coordinator.Agent.Qemu;

/// <summary>Wall clock of this host in microseconds since the Unix epoch: QEMU stamps its events with the same clock (gettimeofday).</summary>
internal static class HostClock
{
    public static long NowMicros() => Micros(DateTimeOffset.UtcNow);

    public static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
}
