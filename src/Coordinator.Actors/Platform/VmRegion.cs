using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.Event;
using Akka.Hosting;
using Coordinator.Contracts;

namespace Coordinator.Actors.Platform;

/// <summary>The sharded entities of VMs: one per VM in the whole cluster, started on whichever node owns its shard, remembered until it passivates.</summary>
public static class VmRegion
{
    public const string TypeName = "vm";

    /// <summary>
    /// Starts the region on this node. Settings are those of sharding.conf.
    /// </summary>
    /// <param name="entityOf">Props of the entity of one VM id. Sharding passes the id as it was given by <paramref name="vmIdOf"/>.</param>
    /// <param name="vmIdOf">
    /// VM that a message is for; null for none, which drops it as unhandled. <see cref="Nudge"/> and sharding's own messages are known here and need no
    /// answer.
    /// </param>
    /// <remarks>
    /// Entities are asked to end by <see cref="StopVm"/> (rebalance, shutdown, passivation) and then stop themselves, after their pending write. An entity
    /// leaves for good only by <c>Context.Parent.Tell(new Passivate(StopVm.Instance))</c>; stopped in any other way it is started again after 1 s.
    /// </remarks>
    public static IActorRef Start(ActorSystem system, Func<string, Props> entityOf, Func<object, string?> vmIdOf)
    {
        var settings = ClusterShardingSettings.Create(system);
        return ClusterSharding.Get(system).Start(
            TypeName,
            entityOf,
            settings,
            HashCodeMessageExtractor.Create(ShardCountOf(system.Settings.Config), message => message is Nudge nudge ? nudge.VmId : vmIdOf(message)),
            ClusterSharding.Get(system).DefaultShardAllocationStrategy(settings),
            StopVm.Instance);
    }

    /// <summary>The same for Akka.Hosting; the region is registered under <typeparamref name="TKey"/>.</summary>
    public static AkkaConfigurationBuilder WithVmRegion<TKey>(
        this AkkaConfigurationBuilder builder, Func<string, Props> entityOf, Func<object, string?> vmIdOf) =>
        builder.WithActors((system, registry) => registry.Register<TKey>(Start(system, entityOf, vmIdOf)));

    /// <exception cref="ConfigurationException">The number is missing or not between 1 and 1000.</exception>
    internal static int ShardCountOf(Config config)
    {
        var count = config.GetInt("coordinator.sharding.vm-shard-count", 0);
        return count is >= 1 and <= 1_000
            ? count
            : throw new ConfigurationException($"coordinator.sharding.vm-shard-count is {count}; it must be between 1 and 1000.");
    }
}

/// <summary>Sharding's request to an entity to end: finish the pending write, then stop. Never leaves the node.</summary>
public sealed class StopVm : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    public static readonly StopVm Instance = new();

    private StopVm()
    {
    }
}
