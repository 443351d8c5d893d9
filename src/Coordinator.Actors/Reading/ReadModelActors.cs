using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Platform;
using Coordinator.ReadModel;

namespace Coordinator.Actors.Reading;

/// <summary>The projection and the sweeper, each on one node of the cluster.</summary>
internal static class ReadModelActors
{
    public static void Start(ActorSystem system, SqlStore store, IActorRef region, CoordinatorMetrics metrics)
    {
        var settings = ReadModelSettings.Of(system.Settings.Config);
        Singleton(system, ProjectionActor.Props(store, settings.Projection, metrics), "projection");
        Singleton(system, SweeperActor.Props(new ReadModelQueries(store), region, settings.Sweeper, metrics), "sweeper");
    }

    private static void Singleton(ActorSystem system, Props props, string name) => system.ActorOf(
        ClusterSingletonManager.Props(props, PoisonPill.Instance, ClusterSingletonManagerSettings.Create(system).WithRole("coordinator")), name);
}
