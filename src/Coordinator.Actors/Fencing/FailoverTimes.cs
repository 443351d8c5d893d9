using Akka.Configuration;

namespace Coordinator.Actors.Fencing;

/// <summary>
/// The times of a failover depend on each other, and an operator may change any of them. The shortest silence after which others put a node out is
/// acceptable-heartbeat-pause + stable-after; the rest must fit to it.
/// </summary>
static class FailoverTimes
{
    private const string Pause = "akka.cluster.failure-detector.acceptable-heartbeat-pause";
    private const string StableAfter = "akka.cluster.split-brain-resolver.stable-after";
    private const string LeaseTimeToLive = "coordinator.lease.heartbeat-timeout";
    private const string PauseLimit = "coordinator.pause-watch.limit";

    /// <exception cref="ConfigurationException">Two times contradict each other. The text names both and says what would happen.</exception>
    public static void Verify(Config config)
    {
        var putOutAfter = config.GetTimeSpan(Pause) + config.GetTimeSpan(StableAfter);
        if (config.GetTimeSpan(LeaseTimeToLive) is var timeToLive && timeToLive >= putOutAfter)
        {
            throw new ConfigurationException($"{LeaseTimeToLive} ({timeToLive}) must be below {Pause} + {StableAfter} "
                + $"({putOutAfter}): the lease of a holder that died would not have expired when the survivor asks for it, "
                + "and the survivor would put itself out.");
        }

        if (config.GetTimeSpan(PauseLimit) is var limit && limit > putOutAfter)
        {
            throw new ConfigurationException($"{PauseLimit} ({limit}) must not be above {Pause} + {StableAfter} ({putOutAfter}): "
                + "a node that stood still for less than its limit could already have been replaced.");
        }
    }
}
