namespace Coordinator.Domain.Migration;

/// <summary>
/// Moments of the switchover at the source, in microseconds since the Unix epoch by the source's clock; null has not happened or was not seen.
/// </summary>
/// <param name="Stop">QEMU's STOP: the guest stands still.</param>
/// <param name="ContinueSent"><c>migrate-continue</c> left the agent.</param>
/// <param name="QemuDowntimeMs">What QEMU itself reports.</param>
public readonly record struct SourceMoments(long? Stop, long? ContinueSent, long? QemuDowntimeMs);

/// <summary>Moments at the destination, by the destination's clock.</summary>
/// <param name="StreamReceived">The last byte was read; null where QEMU cannot tell it from the load.</param>
/// <param name="Loaded">Device state and memory are complete.</param>
/// <param name="ReleasedReceived">The source agent's word that its copy will never run again.</param>
/// <param name="GateJudged">Rings read and compared.</param>
/// <param name="RunDurable">The register says <c>run</c>, on disk.</param>
/// <param name="Resume">QEMU's RESUME.</param>
public readonly record struct DestinationMoments(long? StreamReceived, long? Loaded, long? ReleasedReceived, long? GateJudged, long? RunDurable, long? Resume);

/// <summary>
/// The blackout from STOP to RESUME in parts that add up to it exactly: stop (to <c>migrate-continue</c>), stream, load, release (to the source
/// agent's word), gate, grant (the register's sync) and resume. The stream and the total cross the hosts' clocks; the offset comes from the rehearsal
/// and is known only within its uncertainty.
/// </summary>
public static class BlackoutSplit
{
    /// <returns>Null while STOP or RESUME is missing: a guest that was paused all along has no blackout.</returns>
    public static Blackout? Of(SourceMoments source, DestinationMoments destination, Rehearsal clock)
    {
        if (source.Stop is not { } stop || destination.Resume is not { } resumed)
        {
            return null;
        }

        // All moments on the destination's clock. One that is missing takes no time of its own; one that the offset's error puts out of order is
        // moved to its neighbour, so that no part is negative and the parts add up.
        long begin = stop + clock.ClockOffsetMicros;
        long end = Math.Max(resumed, begin);
        long at = begin;

        long Part(long? until)
        {
            long to = Math.Clamp(until ?? at, at, end);
            long took = to - at;
            at = to;
            return took;
        }

        long stopMicros = Part(source.ContinueSent + clock.ClockOffsetMicros);
        bool tellsLoad = destination is { StreamReceived: not null, Loaded: not null };
        long streamMicros = Part(tellsLoad ? destination.StreamReceived : destination.Loaded);
        long? loadMicros = tellsLoad ? Part(destination.Loaded) : null;
        long releaseMicros = Part(destination.ReleasedReceived);
        long gateMicros = Part(destination.GateJudged);
        long grantMicros = Part(destination.RunDurable);
        long resumeMicros = Part(end);
        return new Blackout(end - begin, stopMicros, streamMicros, loadMicros, releaseMicros, gateMicros, grantMicros, resumeMicros,
            clock.ClockUncertaintyMicros)
        {
            QemuDowntimeMs = source.QemuDowntimeMs,
        };
    }
}
