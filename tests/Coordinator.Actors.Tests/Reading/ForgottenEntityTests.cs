using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Tests.Migrations;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Actors.Tests.Server;
using Coordinator.Contracts.Api;
using Coordinator.Domain.QemuModel;
using Coordinator.Journal;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Coordinator.Actors.Tests.Reading;

/// <summary>An entity in mid-migration that sharding has forgotten while everything was down: two ways bring it back, each alone.</summary>
public sealed class ForgottenEntityTests : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly ServerWorld _world = new();

    public async Task InitializeAsync()
    {
        ServerWorld.Node node = await _world.StartNode();
        _world.Connect("host-a", node);
        _world.Connect("host-b", node);
        await Eventually.IsTrue(async () => (await node.Client.ListHostsAsync(new ListHostsRequest())).Hosts.Count(h => h.Connected) == 2, s_limit);
        await node.Client.StartVirtualMachineAsync(new StartVirtualMachineRequest { RequestId = "start-1", Host = "host-a", DefinitionYaml = "name: web-1\nqemu: {}\n" });
        _world.Fakes.Held.Add(QemuStepKind.Converges);
        Migration accepted = await node.Client.StartMigrationAsync(new StartMigrationRequest { RequestId = "move-1", Vm = "web-1", DestinationHost = "host-b" });
        Assert.True(
            await Eventually.IsTrue(
                async () => (await node.Client.GetMigrationAsync(new GetMigrationRequest { Vm = "web-1", MigrationId = accepted.Id })).Phase == "Iterating",
                s_limit),
            "the migration iterates");
        await node.Stop();
        using System.Data.Common.DbConnection connection = new SqliteStore(_world.JournalFile).Open();
        new SqlSession(connection).Execute("DELETE FROM sharding_journal; DELETE FROM sharding_snapshot; DELETE FROM sharding_tags");
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    /// <summary>Rounds are shorter than the entity's return: it is spoken to many times before it answers the first.</summary>
    [Fact]
    public async Task Sweeper_Alone_BringsItBackAndCountsItOnce()
    {
        ServerWorld.Node node = await _world.StartNode("coordinator.sweeper { interval = 100ms, calm-after = 0s }");

        Assert.True(await Eventually.IsTrue(async () => await Figure(node, "coordinator_sweeper_revivals_total") == 1, s_limit), "the sweeper revived nothing");
        double nudges = await Figure(node, "coordinator_sweeper_nudges_total");
        Assert.True(await Eventually.IsTrue(async () => await Figure(node, "coordinator_sweeper_nudges_total") >= nudges + 3, s_limit), "the sweeper speaks to it no more");
        Assert.Equal(1, await Figure(node, "coordinator_sweeper_revivals_total"));
        await GoesOnWithItsAgents(node);
    }

    [Fact]
    public async Task Agents_Alone_BringItBack()
    {
        ServerWorld.Node node = await _world.StartNode("coordinator.sweeper.interval = 1d");
        Assert.True(await Eventually.IsTrue(async () => (await node.Client.ListHostsAsync(new ListHostsRequest())).Hosts.Count == 0, s_limit));
        Assert.Empty(await Entities(node));

        await GoesOnWithItsAgents(node);
        Assert.Equal(0, await Figure(node, "coordinator_sweeper_nudges_total"));
    }

    /// <summary>Nobody asks for the VM here: only its agents speak.</summary>
    private async Task GoesOnWithItsAgents(ServerWorld.Node node)
    {
        _world.Connect("host-a", node);
        _world.Connect("host-b", node);
        Assert.True(await Eventually.IsTrue(async () => (await Entities(node)).SequenceEqual(["web-1"]), s_limit), "the entity is not there");
        _world.Fakes.Held.Clear();
        _world.Fakes.Change(_ => { });
        Assert.True(
            await Eventually.IsTrue(
                async () =>
                {
                    try
                    {
                        return (await node.Client.ListMigrationsAsync(new ListMigrationsRequest())).Migrations is [{ Phase: "Succeeded" }];
                    }
                    catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
                    {
                        return false;
                    }
                },
                s_limit),
            "the migration did not go on");
    }

    private static async Task<string[]> Entities(ServerWorld.Node node)
    {
        IActorRef region = ActorRegistry.For(node.App.Services.GetRequiredService<ActorSystem>()).Get<VmRegionKey>();
        CurrentShardRegionState state = await region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, s_limit);
        return [.. state.Shards.SelectMany(shard => shard.EntityIds)];
    }

    private static async Task<double> Figure(ServerWorld.Node node, string name)
    {
        using MemoryStream page = new();
        await node.App.Services.GetRequiredService<CoordinatorMetrics>().Registry.CollectAndExportAsTextAsync(page);
        string line = System.Text.Encoding.UTF8.GetString(page.ToArray()).Split('\n').Single(l => l.StartsWith(name + " ", StringComparison.Ordinal));
        return double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
