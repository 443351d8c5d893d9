using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.Client;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Cluster.Tools.Singleton;
using Akka.Hosting;
using Coordinator.Actors.Admission;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Alerts;
using Coordinator.Actors.ControlPlanes;
using Coordinator.Actors.Draining;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Actors.HostFencing;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Migrations;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Reading;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.ReadModel;
using Microsoft.Extensions.Logging;

namespace Coordinator.Actors;

/// <summary>Key of the VMs' shard region in the actor registry.</summary>
public sealed class VmRegionKey;

/// <summary>Key of this node's <see cref="HostDirectoryActor"/>.</summary>
public sealed class HostDirectoryKey;

/// <summary>Key of this node's actor that puts the fleet's hold on and takes it off.</summary>
public sealed class HoldKey;

/// <summary>Key of this node's actor that cordons hosts and ends that.</summary>
public sealed class CordonKey;

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
    /// <param name="fleet">Filled here.</param>
    /// <param name="cluster">Filled here.</param>
    /// <param name="cordons">Filled here.</param>
    public static AkkaConfigurationBuilder WithCoordinatorActors(
        this AkkaConfigurationBuilder builder, HostDirectory hosts, HoldBoard board, TimeProvider clock, CoordinatorMetrics metrics, ILogger alertLog, FleetBoard fleet, ClusterBoard cluster, CordonBoard cordons) =>
        builder.WithActors((system, registry) =>
        {
            string node = NodeOf(system);
            metrics.Follow(hosts, node);
            metrics.Follow(system);
            IActorRef mediator = DistributedPubSub.Get(system).Mediator;
            AlertSettings settings = AlertSettings.Of(system.Settings.Config);
            IActorRef alerts = system.ActorOf(AlertPost.Props(settings.Outlets(), settings.TimeOut, AlertPost.FirstDelay, alertLog, metrics), "alerts");
            SqlStore store = system.Settings.Setup.Get<SqlStoreSetup>().Value.Store;
            HoldTable holds = new(store);
            CordonTable cordonTable = new(store);
            DrainTable drains = new(store);

            // Before the first entity starts, and on this thread: a node that does not know the hold must not open an attempt.
            board.Show(holds.Read());
            cordons.Show(cordonTable.Read());
            registry.Register<CordonKey>(system.ActorOf(CordonActor.Props(cordonTable, drains, cordons, mediator), "cordons"));
            registry.Register<HoldKey>(system.ActorOf(HoldActor.Props(holds, board, mediator, metrics), "hold"));
            registry.Register<HostDirectoryKey>(system.ActorOf(HostDirectoryActor.Props(hosts, mediator, node, clock), "hosts"));
            AdmissionSettings rationing = AdmissionSettings.Of(system.Settings.Config);
            FleetFeed feed = new();
            feed.LeadTo(system.ActorOf(FleetActor.Props(fleet, feed, mediator, node, metrics), "fleet"));
            MigrationActorParts parts = new(new TopicHostMail(mediator), hosts, clock, node)
            {
                Fencing = FencingSettings.Read(system.Settings.Config),
                Metrics = metrics,
                Alerts = alerts,
                Hold = board,
                Cordons = cordons,
                Admission = StartAdmission(system, rationing, hosts, metrics, node),
                BackOffAfter = rationing.BackOffAfter,
                Fleet = feed,
            };
            IActorRef region = VmRegion.Start(system, vm => MigrationActor.Props(new VmName(vm), parts), MigrationActor.VmOf);
            registry.Register<VmRegionKey>(region);
            ClusterClientReceptionist.Get(system).RegisterService(system.ActorOf(ControlPlaneActor.Props(region), ControlPlanePath.Name));
            ReadModelActors.Start(system, store, region, metrics);
            StartDrains(system, drains, new DrainSources(region, new ReadModelQueries(store), hosts, cordons, board, fleet, clock, rationing.BackOffAfter));
            system.ActorOf(ClusterActor.Props(cluster, fleet, new ClusterParts(region, mediator, hosts, clock, metrics)), "cluster-view");
        });

    private static void StartDrains(ActorSystem system, DrainTable table, DrainSources sources) => system.ActorOf(
        ClusterSingletonManager.Props(
            DrainActor.Props(table, new DrainRound(table, new DrainSurvey(sources), sources.Region)), PoisonPill.Instance, ClusterSingletonManagerSettings.Create(system).WithRole("coordinator")),
        "drains");

    private static IActorRef StartAdmission(ActorSystem system, AdmissionSettings settings, IHostDirectory hosts, CoordinatorMetrics metrics, string node)
    {
        const string Name = "admission";
        Cluster cluster = Cluster.Get(system);
        HashSet<string> Members() => cluster.State.Members.Where(m => m.Status is MemberStatus.Up or MemberStatus.WeaklyUp).Select(m => m.Address.ToString()).ToHashSet(StringComparer.Ordinal);
        system.ActorOf(
            ClusterSingletonManager.Props(
                AdmissionQueueActor.Props(settings, hosts, metrics, Members), PoisonPill.Instance, ClusterSingletonManagerSettings.Create(system).WithSingletonName(Name)),
            Name);
        IActorRef queue = system.ActorOf(
            ClusterSingletonProxy.Props($"/user/{Name}", ClusterSingletonProxySettings.Create(system).WithSingletonName(Name)), $"{Name}-proxy");
        return system.ActorOf(AdmissionDeskActor.Props(node, queue), $"{Name}-desk");
    }

    public static string NodeOf(ActorSystem system) => Cluster.Get(system).SelfAddress.ToString();

    /// <exception cref="InvalidOperationException">The node's actors have not been started.</exception>
    public static AgentSessionParts SessionParts(ActorSystem system, TimeProvider clock)
    {
        ActorRegistry registry = ActorRegistry.For(system);
        return new AgentSessionParts(
            registry.Get<VmRegionKey>(), DistributedPubSub.Get(system).Mediator, registry.Get<HostDirectoryKey>(), clock, NodeOf(system));
    }
}
