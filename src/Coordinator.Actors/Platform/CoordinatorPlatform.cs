using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Persistence.Sql.Config;
using Coordinator.Actors.Discovery;
using Coordinator.Actors.Fencing;
using Coordinator.Actors.Remoting;
using Coordinator.Certificates.Links;
using Microsoft.Extensions.DependencyInjection;

namespace Coordinator.Actors.Platform;

/// <summary>
/// A coordinator node as part of a generic host: database, cluster membership, persistence, serialization, shutdown. Starting the host starts the node;
/// stopping it leaves the cluster in good order. A node that is put out by the others, or finds that it may have been, stops its host with a non-zero exit
/// code: the supervisor's restart is what brings it back.
/// </summary>
public static class CoordinatorPlatform
{
    /// <param name="options">Asked once, when the host starts.</param>
    /// <param name="configure">Actors and regions of this node (<see cref="VmRegion.WithVmRegion{TKey}"/>).</param>
    /// <remarks>The host fails to start with <see cref="StoreException"/>, <see cref="ConfigurationException"/> or <see cref="ArgumentException"/> before
    /// anything runs.</remarks>
    public static IServiceCollection AddCoordinatorPlatform(
        this IServiceCollection services,
        Func<IServiceProvider, CoordinatorNodeOptions> options,
        Action<AkkaConfigurationBuilder, IServiceProvider> configure) =>
        services.AddAkka(CoordinatorNodeOptions.SystemName, (builder, provider) =>
        {
            AddNode(builder, options(provider));
            configure(builder, provider);
        });

    private static AkkaConfigurationBuilder AddLinks(this AkkaConfigurationBuilder builder, LinkCertificates? certificates) =>
        certificates is null ? builder : builder.AddSetup(new NodeLinkSetup(certificates));

    private static void AddNode(AkkaConfigurationBuilder builder, CoordinatorNodeOptions options)
    {
        options.Validate();
        var config = ConfigurationFactory.ParseString(options.ToHocon()).WithFallback(CoordinatorConfig.Load(options.ConfigDirectory, options.ConfigFile, options.Store.ProfileFile));
        FailoverTimes.Verify(config);
        var discovery = DiscoverySettings.Of(config);
        options.Store.CreateAndVerify(VmRegion.ShardCountOf(config));

        builder
            .AddHocon(config, HoconAddMode.Prepend)
            .AddSetup(new DataOptionsSetup(options.Store.DataOptions))
            .AddSetup(new SqlStoreSetup(options.Store))
            .AddLinks(options.Certificates)
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            })
            .AddStartup((system, _) =>
            {
                PauseWatch.Start(system);
                if (options.ContactPoints is ContactPoints.Alone)
                {
                    var cluster = Akka.Cluster.Cluster.Get(system);
                    cluster.Join(cluster.SelfAddress);
                }
                else
                {
                    system.ActorOf(ClusterJoin.Props(new ClusterRoster(options.Store), options.ContactPoints, discovery), "cluster-join");
                }
            });
    }
}
