using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Metrics;
using Coordinator.Contracts;

namespace Coordinator.Actors.Tests.Fleet;

/// <summary>What a node says of itself, with probes for its region and for the other nodes.</summary>
public sealed class ClusterActorTests : TestKit
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public ClusterActorTests()
        : base("akka { loggers = [], actor.provider = cluster, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
    {
    }

    /// <summary>A region waits 3 s for its shards; who asks it is asked again before it answers.</summary>
    [Fact]
    public async Task SilentShard_IsCounted_AndHidesNoOther()
    {
        TestProbe region = CreateTestProbe();
        TestProbe mediator = CreateTestProbe();
        Sys.ActorOf(ClusterActor.Props(
            new ClusterBoard(TimeProvider.System), new FleetBoard(TimeProvider.System), new ClusterParts(region, mediator, new HostDirectory(), TimeProvider.System, new CoordinatorMetrics())));
        await region.ExpectMsgAsync<GetShardRegionStats>(s_patience);
        IActorRef first = region.LastSender;
        await region.ExpectMsgAsync<GetShardRegionStats>(s_patience);

        first.Tell(new ShardRegionStats(ImmutableDictionary<string, int>.Empty.Add("1", 5).Add("2", 2), ["3"]));

        Publish said = (Publish)await mediator.FishForMessageAsync(m => m is Publish, s_patience);
        Assert.True(said.Message is NodeShown { Shards: 3, Entities: 7 }, said.Message.ToString());
    }
}
