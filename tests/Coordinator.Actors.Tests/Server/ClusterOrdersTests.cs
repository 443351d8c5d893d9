using Akka.Actor;
using Coordinator.Actors.Tests.Migrations;
using Coordinator.Contracts.Api;
using Coordinator.Domain.QemuModel;
using Coordinator.Server.Hosting;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Coordinator.Actors.Tests.Server;

/// <summary>What operators see of the coordinators themselves, and how they have one of them go.</summary>
public sealed class ClusterOrdersTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Found unreachable soon, and then left alone: the split brain resolver must not be faster than the test's person. The end of the actor system does not make it leave.</summary>
    private const string DiesAndIsMissed = """
        akka.cluster.failure-detector.acceptable-heartbeat-pause = 3s
        akka.cluster.split-brain-resolver.stable-after = 45s
        akka.coordinated-shutdown.run-by-actor-system-terminate = off
        """;

    private readonly ServerWorld _world = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Status_OfTwoNodes_SaysAtEachWhoIsThereWhatRunsWhereAndThatAllIsWell()
    {
        ServerWorld.Node first = await _world.StartNode();
        ServerWorld.Node second = await _world.StartNode();

        foreach (ServerWorld.Node asked in new[] { first, second })
        {
            Cluster cluster = await Becomes(asked, c => c.Findings.Count == 0 && c.Nodes.Count == 2, "all is well");

            Assert.Equal(AddressOf(asked), cluster.Self);
            Assert.All(cluster.Nodes, n => Assert.True(n is { Status: "Up", Reachable: true, Uid: not 0, Version: "0.1.0", HasShards: true, StartedAt: not null } && n.Roles.Contains("coordinator"), n.ToString()));
            Assert.Equal(["cluster", "hold", "journal", "lease", "region"], cluster.Nodes[0].Checks.Select(c => c.Name).Order());
            string oldest = Assert.Single(cluster.Nodes, n => n.Oldest).Address;
            Assert.Equal(AddressOf(first), oldest);
            Assert.Equal(["admission", "drains", "projection", "shards", "sweeper"], cluster.Singletons.Select(s => s.Name));
            Assert.All(cluster.Singletons, s => Assert.Equal([oldest], s.Nodes));
            Assert.Contains("lease-majority", cluster.Downing, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Leave_HandsOverEndsTheProcessAndTheMigrationGoesOn()
    {
        ServerWorld.Node first = await _world.StartNode();
        ServerWorld.Node second = await _world.StartNode();
        await Becomes(second, c => c.Findings.Count == 0 && c.Nodes.Count == 2, "all is well");
        await Connect(second);
        await second.Client.StartVirtualMachineAsync(new StartVirtualMachineRequest { RequestId = "s", Host = "host-a", DefinitionYaml = $"name: {FakeWorld.Vm}" });
        _world.Fakes.Held.Add(QemuStepKind.Converges);
        Migration accepted = await second.Client.StartMigrationAsync(
            new StartMigrationRequest { RequestId = "m", Vm = FakeWorld.Vm, DestinationHost = "host-b", Policy = new MigrationPolicy { VerifyMs = 0 } });
        await Reaches(second, accepted, m => m.Phase == "Iterating");
        CoordinatedShutdown shutdown = CoordinatedShutdown.Get(first.App.Services.GetRequiredService<ActorSystem>());
        IHostApplicationLifetime life = first.App.Services.GetRequiredService<IHostApplicationLifetime>();

        // The older of the two, with every singleton; told through the other one, by its short name.
        await second.Client.LeaveNodeAsync(new LeaveNodeRequest { Node = $"127.0.0.1:{first.ClusterPort}", By = "ann", Reason = "new kernel" });

        Cluster after = await Becomes(second, c => c.Findings.Count == 0 && c.Nodes.Count(n => n.GoneAt is null) == 1, "the other one has left and the rest is well");
        ClusterNode gone = Assert.Single(after.Nodes, n => n.GoneAt is not null);
        Assert.Equal((AddressOf(first), false), (gone.Address, gone.PutOut));
        Assert.Contains(after.Notes, n => n.StartsWith($"127.0.0.1:{first.ClusterPort} left ", StringComparison.Ordinal));
        Assert.All(after.Singletons, s => Assert.Equal([AddressOf(second)], s.Nodes));
        Assert.True(await Eventually.IsTrue(() => life.ApplicationStopped.IsCancellationRequested || life.ApplicationStopping.IsCancellationRequested, s_patience), "its host does not stop");
        Assert.Equal(NodeExit.ToldToLeave, NodeExit.CodeOf(shutdown.ShutdownReason));

        _world.Fakes.Change(w => w.Held.Clear());
        Migration ended = await Reaches(second, accepted, m => m.Terminal);
        Assert.Equal(("Succeeded", "Verified"), (ended.Phase, ended.Verdict));
        Assert.Single(ended.Timeline, t => t.Event == "MigrationRequested");
        Assert.True(_world.Fakes.MostRunning <= 1);
    }

    [Fact]
    public async Task Orders_ThatCostMoreThanTheyMayKnow_AreRefused()
    {
        ServerWorld.Node first = await _world.StartNode();
        string self = $"127.0.0.1:{first.ClusterPort}";
        Cluster alone = await Becomes(first, c => c.Findings.Count == 0, "all is well");

        await AssertRefused(StatusCode.NotFound, $"'127.0.0.1:1' is no member of the cluster; members are {self}", first.Client.LeaveNodeAsync(Leave("127.0.0.1:1")));
        await AssertRefused(StatusCode.FailedPrecondition, "no other member to hand over to", first.Client.LeaveNodeAsync(Leave(self)));
        await AssertRefused(StatusCode.FailedPrecondition, $"{self} is reachable", first.Client.DownNodeAsync(new DownNodeRequest { Node = self, By = "ann", Reason = "r" }));
        await AssertRefused(StatusCode.FailedPrecondition, "is the only member", first.Client.DownNodeAsync(new DownNodeRequest { Node = self, By = "ann", Reason = "r", Force = true }));
        await AssertRefused(StatusCode.InvalidArgument, "by", first.Client.LeaveNodeAsync(new LeaveNodeRequest { Node = self, Reason = "r" }));
        await AssertRefused(
            StatusCode.NotFound, "another one has taken its place", first.Client.LeaveNodeAsync(new LeaveNodeRequest { Node = self, By = "ann", Reason = "r", Uid = alone.Nodes[0].Uid + 1 }));
    }

    [Fact]
    public async Task Down_OfAKilledNode_MovesWhatItHeld()
    {
        ServerWorld.Node first = await _world.StartNode(DiesAndIsMissed);
        ServerWorld.Node second = await _world.StartNode(DiesAndIsMissed);
        ServerWorld.Node third = await _world.StartNode(DiesAndIsMissed);
        await Becomes(third, c => c.Findings.Count == 0 && c.Nodes.Count == 3, "all is well");
        await Connect(third);
        await third.Client.StartVirtualMachineAsync(new StartVirtualMachineRequest { RequestId = "s", Host = "host-a", DefinitionYaml = $"name: {FakeWorld.Vm}" });
        _world.Fakes.Held.Add(QemuStepKind.Converges);
        Migration accepted = await third.Client.StartMigrationAsync(
            new StartMigrationRequest { RequestId = "m", Vm = FakeWorld.Vm, DestinationHost = "host-b", Policy = new MigrationPolicy { VerifyMs = 0 } });
        await Reaches(third, accepted, m => m.Phase == "Iterating");
        string dead = $"127.0.0.1:{first.ClusterPort}";

        await first.App.Services.GetRequiredService<ActorSystem>().Terminate();
        Cluster missed = await Becomes(
            third, c => c.Nodes.Single(n => n.Address == AddressOf(first)) is { Reachable: false, SilentTo.Count: 2 }, "the dead one is unreachable to both");
        Assert.StartsWith($"{dead} is unreachable: silent to 127.0.0.1:", missed.Findings[0], StringComparison.Ordinal);
        await AssertRefused(StatusCode.FailedPrecondition, $"{dead} is unreachable and can hand over nothing", third.Client.LeaveNodeAsync(Leave(dead)));
        await AssertRefused(
            StatusCode.FailedPrecondition, "is reachable: have it leave", third.Client.DownNodeAsync(new DownNodeRequest { Node = AddressOf(second), By = "ann", Reason = "r" }));

        await third.Client.DownNodeAsync(new DownNodeRequest { Node = dead, By = "ann", Reason = "its power is off" });

        Cluster after = await Becomes(
            third,
            c => c.Nodes.Any(n => n.Address == AddressOf(first) && n is { GoneAt: not null, PutOut: true }) && c.Singletons.All(s => s.Nodes.Count == 1 && s.Nodes[0] == AddressOf(second)),
            "it is put out, and the next oldest carries the singletons");
        Assert.Single(after.Findings, f => f.StartsWith($"{dead} was put out ", StringComparison.Ordinal));
        _world.Fakes.Change(w => w.Held.Clear());
        Migration ended = await Reaches(third, accepted, m => m.Terminal);
        Assert.Equal(("Succeeded", "Verified"), (ended.Phase, ended.Verdict));
        Assert.True(_world.Fakes.MostRunning <= 1);
    }

    private async Task Connect(ServerWorld.Node node)
    {
        _world.Connect("host-a", node);
        _world.Connect("host-b", node);
        Assert.True(
            await Eventually.IsTrue(async () => (await node.Client.ListHostsAsync(new ListHostsRequest())).Hosts.Count(h => h.Connected) == 2, s_patience), "the hosts are not connected");
    }

    private static LeaveNodeRequest Leave(string node) => new() { Node = node, By = "ann", Reason = "r" };

    private static string AddressOf(ServerWorld.Node node) => $"akka.tcp://coordinator@127.0.0.1:{node.ClusterPort}";

    private static async Task<Cluster> Becomes(ServerWorld.Node asked, Func<Cluster, bool> condition, string what)
    {
        Cluster seen = new();
        Assert.True(await Eventually.IsTrue(async () => condition(seen = await asked.Client.GetClusterAsync(new GetClusterRequest())), s_patience), $"waited {s_patience.TotalSeconds} s in vain: {what}. Seen: {seen}");
        return seen;
    }

    private static async Task<Migration> Reaches(ServerWorld.Node asked, Migration accepted, Func<Migration, bool> condition)
    {
        Migration seen = accepted;
        bool reached = await Eventually.IsTrue(
            async () =>
            {
                try
                {
                    return condition(seen = await asked.Client.GetMigrationAsync(new GetMigrationRequest { Vm = accepted.Vm, MigrationId = accepted.Id }));
                }
                catch (RpcException moving) when (moving.StatusCode == StatusCode.Unavailable)
                {
                    return false;
                }
            },
            s_patience);
        Assert.True(reached, seen.ToString());
        return seen;
    }

    private static async Task AssertRefused(StatusCode status, string sentence, AsyncUnaryCall<Cluster> call)
    {
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(sentence, refused.Status.Detail, StringComparison.Ordinal);
    }
}
