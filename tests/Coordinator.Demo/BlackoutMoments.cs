using Coordinator.Contracts.Api;
using Coordinator.Lab.Evidence;
using Coordinator.LabPeer;

namespace Coordinator.Demo;

/// <summary>The blackout of a hop on the clock of the outside evidence.</summary>
internal static class BlackoutMoments
{
    /// <summary>
    /// The journal says on the machine's wall clock when the coordinator knew that the switchover had begun and that the guest ran again; the guest stood still within the
    /// measured blackout before the latter. The coordinator hears of both a little late, so the window begins at the earlier of the two answers.
    /// </summary>
    public static BlackoutWindow Of(Migration hop)
    {
        var wallToMonotonicNs = MonotonicClock.NowNs - (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;
        var runs = At("GuestRunsAtDestination");
        var stopped = runs - (hop.Blackout?.TotalMicros ?? 0) * 1000;
        return new(Math.Min(At("SwitchoverEntered") is > 0 and var entered ? entered : stopped, stopped), runs);

        long At(string name) => hop.Timeline.LastOrDefault(entry => entry.Event == name) is { } entry
            ? (entry.At.ToDateTime() - DateTime.UnixEpoch).Ticks * 100 + wallToMonotonicNs
            : 0;
    }
}
