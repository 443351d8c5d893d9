using System.Diagnostics;
using System.Globalization;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Contracts.Api;
using Coordinator.PostgresLab;
using Xunit.Abstractions;

namespace Coordinator.Actors.Tests.Rolling;

/// <summary>
/// COORDINATOR_ROLLING sets how many of the three nodes are restarted, the oldest, with the singletons, last (default 1: that one); 3 are the proof:
/// <c>COORDINATOR_ROLLING=3 dotnet test tests/Coordinator.Actors.Tests --filter RollingRestartTests</c>.
/// </summary>
public sealed class RollingRestartTests(ThrowawayPostgres server, ITestOutputHelper output) : IClassFixture<ThrowawayPostgres>
{
    private const int Vms = 4;

    private static int Restarts => int.TryParse(Environment.GetEnvironmentVariable("COORDINATOR_ROLLING"), NumberStyles.None, CultureInfo.InvariantCulture, out int nodes) ? nodes : 1;

    [Fact]
    public async Task EachNodeLeavesAndComesBackUnderLoad_EveryMigrationEndsVerifiedNoneLostNoneDoubled()
    {
        using PostgresTestDatabase database = new(server);
        await using RollingCluster cluster = new(database);
        await cluster.Start();
        List<MovingVm> vms = [.. Enumerable.Range(0, Vms).Select(n => new MovingVm(cluster, $"web-{n}"))];
        foreach (MovingVm vm in vms)
        {
            await vm.Start(RollingCluster.Alpha);
        }

        using CancellationTokenSource enough = new();
        Task load = Task.WhenAll(vms.Select(vm => vm.MoveUntil(enough.Token)));
        try
        {
            for (int node = Math.Min(Restarts, RollingCluster.Nodes) - 1; node >= 0; node--)
            {
                await IsUnderWay(vms, load);
                await Restart(cluster, node);
            }

            await IsUnderWay(vms, load);
        }
        finally
        {
            await enough.CancelAsync();
            await load;
        }

        foreach (MovingVm vm in vms)
        {
            Assert.Empty(vm.Unclear);
            ListMigrationsResponse listed = new();
            await cluster.Until(
                async () => (listed = await cluster.Api(0).ListMigrationsAsync(new ListMigrationsRequest { Vm = vm.Name })).Migrations.Count(m => m.Terminal) == vm.Accepted.Count,
                $"{vm.Accepted.Count} ended migrations of {vm.Name}");
            Assert.Equal(vm.Accepted.AsEnumerable().Reverse(), listed.Migrations.Select(m => m.Id));
            Assert.All(listed.Migrations, m => Assert.Equal(("Succeeded", "Verified"), (m.Phase, m.Verdict)));
            Assert.All(listed.Migrations, m => Assert.Single(m.Timeline, t => t.Event == "MigrationRequested"));
            VirtualMachine now = new();
            // The place is from the journal; the run state is its host's own word, which a coordinator that was told nothing by that host yet does not have.
            await cluster.Until(
                async () => (now = await vm.Ask((api, options) => api.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = vm.Name }, options))).RunState.Length > 0,
                $"the host of {vm.Name} to tell how it is");
            Assert.Equal(("Resident", vm.Host, "running"), (now.Residence, now.Host, now.RunState));
            await cluster.Until(() => Task.FromResult(cluster.GuestsOf(vm.Name) == 1), $"one process of {vm.Name}; there are {cluster.GuestsOf(vm.Name)}");
        }

        output.WriteLine($"{vms.Sum(vm => vm.Accepted.Count)} migrations of {Vms} VMs, {vms.Sum(vm => vm.Repetitions)} requests were repeated at another coordinator");
    }

    private async Task Restart(RollingCluster cluster, int node)
    {
        int asked = (node + 1) % RollingCluster.Nodes;
        long started = Stopwatch.GetTimestamp();
        await cluster.Api(asked).LeaveNodeAsync(new LeaveNodeRequest { Node = cluster.ClusterAddress(node), By = "ann", Reason = "rolling restart" });
        await cluster.HasLeft(node);
        TimeSpan gone = Stopwatch.GetElapsedTime(started);
        Contracts.Api.Cluster left = await cluster.Api(asked).GetClusterAsync(new GetClusterRequest());
        Assert.DoesNotContain(left.Nodes, n => n.PutOut);
        cluster.StartNode(node);
        IReadOnlyList<string> seen = await cluster.IsWell();
        output.WriteLine($"node {node}: gone after {gone.TotalSeconds:0.0} s, all well again after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s\n  {string.Join("\n  ", seen)}");
    }

    /// <summary>Each VM is in the middle of a move.</summary>
    private static async Task IsUnderWay(List<MovingVm> vms, Task load)
    {
        int[] before = [.. vms.Select(vm => vm.Accepted.Count)];
        Assert.True(await Eventually.IsTrue(() => load.IsCompleted || vms.Select((vm, i) => vm.Accepted.Count > before[i]).All(moved => moved), RollingCluster.Patience), "the VMs do not move");
        if (load.IsCompleted)
        {
            await load;
        }
    }
}
