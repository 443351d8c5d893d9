using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Hosting;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Alerts;
using Coordinator.Actors.Holding;
using Coordinator.Actors.HostFencing;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Migrations;
using Coordinator.Actors.Platform;
using Coordinator.Domain;
using Microsoft.Extensions.Logging;

namespace Coordinator.Actors;

/// <summary>Key of the VMs' shard region in the actor registry.</summary>
public sealed class VmRegionKey;

/// <summary>Key of this node's <see cref="HostDirectoryActor"/>.</summary>
public sealed class HostDirectoryKey;

/// <summary>Key of this node's actor that puts the fleet's hold on and takes it off.</summary>
public sealed class HoldKey;

/// <summary>The actors of one coordinator node.</summary>
public static class CoordinatorActors
{
    /// <summary>Starts the host directory and the VMs' region; agents may connect once both are registered.</summary>
    /// <param name="builder">Of the node.</param>
    /// <param name="hosts">Filled here.</param>
    /// <param name="board">Filled here.</param>
    /// <param name="clock">Wall clock.</param>
    /// <param name="metrics">Of this node.</param>
    /// <param name="alertLog">Gets one line for each alert.</param>
    public static AkkaConfigurationBuilder WithCoordinatorActors(
        this AkkaConfigurationBuilder builder, HostDirectory hosts, HoldBoard board, TimeProvider clock, CoordinatorMetrics metrics, ILogger alertLog) =>
        builder.WithActors((system, registry) =>
        {
            string node = NodeOf(system);
            metrics.Follow(hosts, node);
            IActorRef mediator = DistributedPubSub.Get(system).Mediator;
            AlertSettings settings = AlertSettings.Of(system.Settings.Config);
            IActorRef alerts = system.ActorOf(AlertPost.Props(settings.Outlets(), settings.TimeOut, AlertPost.FirstDelay, alertLog, metrics), "alerts");
            HoldTable holds = new(system.Settings.Setup.Get<SqlStoreSetup>().Value.Store);

            // Before the first entity starts, and on this thread: a node that does not know the hold must not open an attempt.
            board.Show(holds.Read());
            registry.Register<HoldKey>(system.ActorOf(HoldActor.Props(holds, board, mediator, metrics), "hold"));
            registry.Register<HostDirectoryKey>(system.ActorOf(HostDirectoryActor.Props(hosts, mediator, node, clock), "hosts"));
            MigrationActorParts parts = new(new TopicHostMail(mediator), hosts, clock, node)
            {
                Fencing = FencingSettings.Read(system.Settings.Config),
                Metrics = metrics,
                Alerts = alerts,
                Hold = board,
            };
            registry.Register<VmRegionKey>(VmRegion.Start(system, vm => MigrationActor.Props(new VmName(vm), parts), MigrationActor.VmOf));
        });

    public static string NodeOf(ActorSystem system) => Cluster.Get(system).SelfAddress.ToString();

    /// <exception cref="InvalidOperationException">The node's actors have not been started.</exception>
    public static AgentSessionParts SessionParts(ActorSystem system, TimeProvider clock)
    {
        ActorRegistry registry = ActorRegistry.For(system);
        return new AgentSessionParts(
            registry.Get<VmRegionKey>(), DistributedPubSub.Get(system).Mediator, registry.Get<HostDirectoryKey>(), clock, NodeOf(system));
    }
}
