using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Hosting;
using Coordinator.Actors.Agents;
using Coordinator.Actors.HostFencing;
using Coordinator.Actors.Migrations;
using Coordinator.Actors.Platform;
using Coordinator.Domain;

namespace Coordinator.Actors;

/// <summary>Key of the VMs' shard region in the actor registry.</summary>
public sealed class VmRegionKey;

/// <summary>Key of this node's <see cref="HostDirectoryActor"/>.</summary>
public sealed class HostDirectoryKey;

/// <summary>The actors of one coordinator node.</summary>
public static class CoordinatorActors
{
    /// <summary>Starts the host directory and the VMs' region; agents may connect once both are registered.</summary>
    public static AkkaConfigurationBuilder WithCoordinatorActors(this AkkaConfigurationBuilder builder, HostDirectory hosts, TimeProvider clock) =>
        builder.WithActors((system, registry) =>
        {
            string node = NodeOf(system);
            IActorRef mediator = DistributedPubSub.Get(system).Mediator;
            registry.Register<HostDirectoryKey>(system.ActorOf(HostDirectoryActor.Props(hosts, mediator, node, clock), "hosts"));
            MigrationActorParts parts = new(new TopicHostMail(mediator), hosts, clock, node) { Fencing = FencingSettings.Read(system.Settings.Config) };
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
