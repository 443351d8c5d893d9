using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Akka.Remote;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Tests.Migrations;
using Coordinator.Contracts;
using Coordinator.Contracts.Api;
using Microsoft.Extensions.DependencyInjection;

namespace Coordinator.Actors.Tests.Server;

/// <summary>A rolling upgrade: a node whose list of messages ends earlier, beside one that sends what stands behind that end.</summary>
public sealed class OlderNodeTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static readonly string s_older = $$"""
        akka.actor.serializers.hyperion-wire = "{{typeof(OlderWireSerializer).AssemblyQualifiedName}}"
        akka.cluster.app-version = "0.0.9"
        """;

    private readonly ServerWorld _world = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task MessageBeyondItsList_IsDroppedWithAWordAndTheNodeStaysAMember()
    {
        ServerWorld.Node newer = await _world.StartNode();
        ServerWorld.Node older = await _world.StartNode(s_older);
        ActorSystem newerSystem = newer.App.Services.GetRequiredService<ActorSystem>();
        ActorSystem olderSystem = older.App.Services.GetRequiredService<ActorSystem>();
        ClusterBoard view = newer.App.Services.GetRequiredService<ClusterBoard>();
        await Becomes(() => view.Picture.Members.Count(m => m is { Status: "Up", Shown: not null }) == 2, "both are up and tell");
        ConcurrentQueue<object> trouble = Trouble(newerSystem, olderSystem);
        ConcurrentQueue<LogEvent> words = new();
        IActorRef listener = olderSystem.ActorOf(Props.Create(() => new Listener(said => words.Enqueue((LogEvent)said))));
        olderSystem.EventStream.Subscribe(listener, typeof(Warning));
        olderSystem.EventStream.Subscribe(listener, typeof(Error));

        // By the mediator (the test's older node subscribes, as a real one would not), inside of its envelope, and bare.
        NodeSight unknown = new("akka.tcp://coordinator@127.0.0.1:1", ["akka.tcp://coordinator@127.0.0.1:2"], []);
        DistributedPubSub.Get(newerSystem).Mediator.Tell(new Publish("node-sights", unknown));
        Address to = Akka.Cluster.Cluster.Get(olderSystem).SelfAddress;
        newerSystem.ActorSelection(new RootActorPath(to) / "user" / "cluster-view").Tell(unknown);

        await Becomes(() => words.Count(w => Said(w).Contains("this node knows", StringComparison.Ordinal)) >= 2, "the older node says what it cannot read", () => string.Join('\n', words.Select(Said)));
        Assert.DoesNotContain(older.App.Services.GetRequiredService<ClusterBoard>().Picture.Members, m => m.SilentTo.Count > 0);

        // The same connection carries what both know, in both directions and for as long as anybody looks.
        _world.Connect("host-a", newer);
        _world.Connect("host-b", older);
        await Becomes(
            () => new[] { newer, older }.All(node => node.App.Services.GetRequiredService<HostDirectory>().All.Count(h => h.Connected) == 2), "both know both hosts");
        await older.Client.StartVirtualMachineAsync(new StartVirtualMachineRequest { RequestId = "s", Host = "host-a", DefinitionYaml = $"name: {FakeWorld.Vm}" });
        Migration moved = await newer.Client.StartMigrationAsync(
            new StartMigrationRequest { RequestId = "m", Vm = FakeWorld.Vm, DestinationHost = "host-b", Policy = new MigrationPolicy { VerifyMs = 0 } });
        foreach (ServerWorld.Node asked in new[] { older, newer })
        {
            Assert.True(await Eventually.IsTrue(async () => (moved = await asked.Client.GetMigrationAsync(new GetMigrationRequest { Vm = FakeWorld.Vm })).Terminal, s_patience), moved.ToString());
            Assert.Equal(("Succeeded", "Verified"), (moved.Phase, moved.Verdict));
        }

        ClusterPicture picture = view.Picture;
        Assert.All(picture.Members, m => Assert.True(m is { Status: "Up", Reachable: true, GoneAt: null }, m.ToString()));
        Assert.Null(picture.Members.Single(m => m.Address == to.ToString()).Sight);
        Assert.Empty(trouble);

        // And a person is told of the two versions, and of nothing that were a fault.
        Contracts.Api.Cluster shown = new();
        Assert.True(await Eventually.IsTrue(async () => (shown = await newer.Client.GetClusterAsync(new GetClusterRequest())).Findings.Count == 0, s_patience), shown.ToString());
        Assert.StartsWith("versions differ, as in a rolling upgrade: 0.0.9 on ", Assert.Single(shown.Notes), StringComparison.Ordinal);
    }

    /// <summary>What would make an end of the link between the two.</summary>
    private static ConcurrentQueue<object> Trouble(params ActorSystem[] systems)
    {
        ConcurrentQueue<object> seen = new();
        foreach (ActorSystem system in systems)
        {
            IActorRef listener = system.ActorOf(Props.Create(() => new Listener(seen.Enqueue)));
            foreach (Type kind in new[] { typeof(QuarantinedEvent), typeof(ThisActorSystemQuarantinedEvent), typeof(DisassociatedEvent), typeof(AssociationErrorEvent), typeof(ClusterEvent.UnreachableMember) })
            {
                system.EventStream.Subscribe(listener, kind);
            }
        }

        return seen;
    }

    private static string Said(LogEvent word) => $"{word} {word.Cause}";

    private static async Task Becomes(Func<bool> condition, string what, Func<string>? seen = null) =>
        Assert.True(await Eventually.IsTrue(condition, s_patience), $"waited {s_patience.TotalSeconds} s in vain: {what}. {seen?.Invoke()}");

    /// <summary>As a build has it that does not know the newest message: its list is the same, and shorter.</summary>
    public sealed class OlderWireSerializer(ExtendedActorSystem? system) : Akka.Serialization.Serializer(system)
    {
        private readonly HyperionWireSerializer _own = new(system, [.. HyperionAllowList.Types.TakeWhile(type => type != typeof(NodeSight))]);

        public override int Identifier => _own.Identifier;

        public override bool IncludeManifest => _own.IncludeManifest;

        public override byte[] ToBinary(object obj) => _own.ToBinary(obj);

        public override object FromBinary(byte[] bytes, Type? type) => _own.FromBinary(bytes, type);
    }

    private sealed class Listener(Action<object> hear) : UntypedActor
    {
        protected override void OnReceive(object message) => hear(message);
    }
}
