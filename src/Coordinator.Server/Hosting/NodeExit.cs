using Akka.Actor;

namespace Coordinator.Server.Hosting;

/// <summary>How a supervisor tells apart why a node has ended by itself.</summary>
internal static class NodeExit
{
    /// <summary>
    /// A person had it leave the cluster (<c>coordctl cluster leave</c>). It is to stay out until somebody starts it, so the unit file names this number in RestartPreventExitStatus; a node that was put
    /// out, or that broke, ends with another one and is to be started again.
    /// </summary>
    internal const int ToldToLeave = 10;

    /// <returns>Null for an end that has no number of its own: a signal (0), or being put out (Akka.Hosting sets it, not 0).</returns>
    internal static int? CodeOf(CoordinatedShutdown.Reason? reason) => reason is CoordinatedShutdown.ClusterLeavingReason ? ToldToLeave : null;
}
