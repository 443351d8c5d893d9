using System.Net;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Contracts.Api;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Coordinator.Actors.Tests.Server;

/// <summary>What operators ask of running nodes: figures, and the hold.</summary>
public sealed class OperationsTests : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly ServerWorld _world = new();
    private readonly HttpClient _http = new();

    public async Task InitializeAsync()
    {
        ServerWorld.Node node = await _world.StartNode();
        _world.Connect("host-a", node);
        _world.Connect("host-b", node);
        await Becomes(async () => (await node.Client.ListHostsAsync(new ListHostsRequest())).Hosts.Count(h => h.Connected) == 2, "both hosts are connected");
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_AreServedOnTheListenerOfPagesAndNoApiIs()
    {
        ServerWorld.Node node = _world.Nodes[0];

        using HttpResponseMessage answer = await _http.GetAsync(node.Metrics);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        string page = await answer.Content.ReadAsStringAsync();
        Assert.Contains("coordinator_agent_connected{host=\"host-a\"} 1\n", page, StringComparison.Ordinal);
        Assert.Contains("coordinator_indoubt_migrations 0\n", page, StringComparison.Ordinal);
        Assert.Contains("coordinator_migrations{phase=\"Switchover\"} 0\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE coordinator_blackout_seconds histogram\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE coordinator_journal_events_total counter\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE coordinator_journal_bytes_total counter\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE coordinator_heap_live_bytes gauge\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE process_cpu_seconds_total counter\n", page, StringComparison.Ordinal);
        using HttpResponseMessage other = await _http.GetAsync(new Uri(node.Metrics, "/coordinator.api.v1.Coordinator/ListHosts"));
        Assert.NotEqual(HttpStatusCode.OK, other.StatusCode);
        await Becomes(
            async () => (await _http.GetStringAsync(node.Metrics)) is { } figures
                && figures.Contains("coordinator_cluster_members{status=\"Up\"} 1\n", StringComparison.Ordinal) && figures.Contains("coordinator_shards{node=\"akka.tcp://", StringComparison.Ordinal),
            "members and shards are counted");
    }

    [Fact]
    public async Task Health_IsSaidByPlainHttp()
    {
        ServerWorld.Node node = _world.Nodes[0];
        Assert.Equal("alive\n", await _http.GetStringAsync(new Uri(node.Metrics, "/livez")));
        await Becomes(async () => (await _http.GetAsync(new Uri(node.Metrics, "/readyz"))).StatusCode == HttpStatusCode.OK, "ready");

        string page = await _http.GetStringAsync(new Uri(node.Metrics, "/readyz?verbose"));

        Assert.All(["journal", "cluster", "region", "hold", "lease"], check => Assert.Contains($"[+] {check}", page, StringComparison.Ordinal));
        Assert.EndsWith("\nready\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_AreNotServedWhereTheApiIs()
    {
        using HttpClient second = new() { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (string page in new[] { "/metrics", "/livez", "/readyz", "/" })
        {
            using HttpResponseMessage answer = await second.GetAsync(new Uri($"http://{_world.Nodes[0].Channel.Target}{page}"));
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Fleet_IsKnownToEveryNodeAndFilledFromTheJournalAtTheStart()
    {
        ServerWorld.Node first = _world.Nodes[0];
        await first.Client.StartVirtualMachineAsync(new StartVirtualMachineRequest { RequestId = "s", Host = "host-a", DefinitionYaml = "name: web-1" });
        await first.Client.StartMigrationAsync(new StartMigrationRequest { RequestId = "m", Vm = "web-1", DestinationHost = "host-b", Policy = new MigrationPolicy { VerifyMs = 0 } });
        ServerWorld.Node second = await _world.StartNode();

        foreach (ServerWorld.Node node in new[] { first, second })
        {
            FleetBoard board = node.App.Services.GetRequiredService<FleetBoard>();
            await Becomes(() => Task.FromResult(board.Picture() is { IsFilled: true, Recent.Succeeded: 1 } fleet && fleet.Vms.Any(v => v is { Vm: "web-1", Phase: "Succeeded", Verdict: "Verified" })), "the end is on the board");
        }

        ClusterBoard cluster = second.App.Services.GetRequiredService<ClusterBoard>();
        await Becomes(
            () => Task.FromResult(cluster.Picture.Members is { Count: 2 } members && members.All(m => m is { Status: "Up", Reachable: true, Shown.Shards: >= 0 }) && members.Count(m => m.IsOldest) == 1),
            "both nodes are in the picture",
            () => string.Join("; ", cluster.Picture.Members));
        await first.Stop();
        await Becomes(() => Task.FromResult(cluster.Picture.Members.Any(m => m.GoneAt is not null)), "the first one is gone");
    }

    [Fact]
    public async Task Hold_IsClusterWideRefusesAndEnds()
    {
        ServerWorld.Node second = await _world.StartNode();
        ServerWorld.Node first = _world.Nodes[0];
        await first.Client.StartVirtualMachineAsync(new StartVirtualMachineRequest { RequestId = "s", Host = "host-a", DefinitionYaml = "name: web-1" });

        Hold put = await second.Client.SetHoldAsync(new SetHoldRequest { RequestId = "h1", Held = true, By = "ann", Reason = "upgrade" });

        Assert.True(put is { Held: true, By: "ann", Reason: "upgrade" });
        await Becomes(async () => (await first.Client.GetHoldAsync(new GetHoldRequest())).Held, "the other node knows");
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => first.Client.StartMigrationAsync(
            new StartMigrationRequest { RequestId = "m", Vm = "web-1", DestinationHost = "host-b" }).ResponseAsync);
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("held by ann", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(
            () => first.Client.SetHoldAsync(new SetHoldRequest { RequestId = "h2", Held = true, By = "bob", Reason = "x" }).ResponseAsync)).StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(
            () => first.Client.SetHoldAsync(new SetHoldRequest { RequestId = "h3", Held = true, By = "", Reason = "x" }).ResponseAsync)).StatusCode);

        Assert.False((await first.Client.SetHoldAsync(new SetHoldRequest { RequestId = "h4", Held = false, By = "bob", Reason = "over" })).Held);
        await Becomes(async () => !(await second.Client.GetHoldAsync(new GetHoldRequest())).Held, "the node that put it on knows");
        await first.Client.StartMigrationAsync(new StartMigrationRequest { RequestId = "m", Vm = "web-1", DestinationHost = "host-b" });
    }

    private static async Task Becomes(Func<Task<bool>> condition, string what, Func<string>? seen = null)
        => Assert.True(await Eventually.IsTrue(condition, s_patience), $"waited {s_patience.TotalSeconds} s in vain: {what}. Seen: {seen?.Invoke()}");
}
