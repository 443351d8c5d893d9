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
    private const string Strategy = "akka.cluster.split-brain-resolver.active-strategy";
    private const string LeaseMajority = "lease-majority";

    // Gossip reaches seven nodes, the largest cluster that is meant, within log2(7) rounds.
    private const int GossipRounds = 3;

    /// <exception cref="ConfigurationException">Two times contradict each other. The text names both and says what would happen.</exception>
    public static void Verify(Config config)
    {
        var putOutAfter = config.GetTimeSpan(Pause) + config.GetTimeSpan(StableAfter);
        var hasLease = config.GetString(Strategy) == LeaseMajority;
        if (hasLease && config.GetTimeSpan(LeaseTimeToLive) is var timeToLive && timeToLive >= putOutAfter)
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

        VerifySpread(config, hasLease);
    }

    /// <summary>Nodes see a silence at different moments. Who decides before all can have seen it decides on a picture of its own.</summary>
    private static void VerifySpread(Config config, bool hasLease)
    {
        var stableAfter = config.GetTimeSpan(StableAfter);
        var spread = config.GetTimeSpan("akka.cluster.failure-detector.heartbeat-interval")
            + config.GetTimeSpan("akka.cluster.unreachable-nodes-reaper-interval")
            + (GossipRounds * config.GetTimeSpan("akka.cluster.gossip-interval"));
        var needed = hasLease ? spread : 2 * spread;
        if (stableAfter < needed)
        {
            throw new ConfigurationException($"{StableAfter} ({stableAfter}) must be at least {needed} with {Strategy} = {config.GetString(Strategy)}: "
                + $"nodes see the same silence up to {spread} apart (heartbeat-interval + unreachable-nodes-reaper-interval + {GossipRounds} x gossip-interval)"
                + (hasLease ? "." : ", and without a lease nothing but time keeps two sides from deciding differently."));
        }
    }
}
