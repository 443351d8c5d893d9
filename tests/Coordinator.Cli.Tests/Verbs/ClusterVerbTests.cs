using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Coordinator.Cli.Tests.Verbs;

public sealed class ClusterVerbTests : IAsyncLifetime
{
    FakeCoordinator coordinator = null!;

    public async Task InitializeAsync() => coordinator = await FakeCoordinator.Start();

    public async Task DisposeAsync() => await coordinator.DisposeAsync();

    [Fact]
    public void Page_OfAWellCluster_SaysSoInItsFirstLine() => Golden.Matches("cluster-well", ClusterPage.Of(Clusters.Well(), Clusters.Now));

    [Fact]
    public void Page_OfAnUnwellCluster_BeginsWithWhatIsNot() => Golden.Matches("cluster-unwell", ClusterPage.Of(Clusters.Unwell(), Clusters.Now));

    [Fact]
    public async Task Status_ExitCode_TellsScriptsWhetherAllIsWell()
    {
        coordinator.Answers<GetClusterRequest>(_ => Clusters.Well());
        var well = await CoordctlRun.Of(coordinator, "cluster", "status");
        coordinator.Answers<GetClusterRequest>(_ => Clusters.Unwell());
        var unwell = await CoordctlRun.Of(coordinator, "cluster", "status", "-o", "json");

        Assert.Equal(ExitCode.Ok, well.ExitCode);
        Assert.StartsWith("all is well: 3 nodes, version 0.1.0\n", well.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unwell, unwell.ExitCode);
        Assert.Equal(Clusters.Unwell(), Cluster.Parser.ParseJson(unwell.Output));
    }

    [Fact]
    public async Task Leave_IsFollowedUntilThisLifeOfTheNodeIsOver()
    {
        var pictures = new Queue<Cluster>([Clusters.Well(), Going("Leaving", 12), Going("Leaving", 12), Going("Exiting", 0), ComeBack()]);
        coordinator.Answers<GetClusterRequest>(_ => pictures.Dequeue()).Answers<LeaveNodeRequest>(_ => Clusters.Well());

        var run = await CoordctlRun.Of(coordinator, "cluster", "leave", "10.0.0.2:4060", "--by", "ann", "--reason", "new kernel");

        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            "10.0.0.2:4060 is Leaving, 12 shards with 40 VMs\n10.0.0.2:4060 is Exiting, 0 shards with 40 VMs\n10.0.0.2:4060 has left\n", run.Output);
        Assert.Equal(new LeaveNodeRequest { Node = Clusters.Address(2), Uid = 1_002, By = "ann", Reason = "new kernel" }, coordinator.Request<LeaveNodeRequest>());
    }

    [Fact]
    public async Task Leave_OfTheOnlyNodeThatWasNamed_EndsWithItsLastWord()
    {
        var last = Going("Exiting", 0);
        coordinator.Answers<GetClusterRequest>(_ => coordinator.Requests.OfType<LeaveNodeRequest>().Any() ? Dying(last) : Clusters.Well()).Answers<LeaveNodeRequest>(_ => last);

        var run = await CoordctlRun.Of(coordinator, "cluster", "leave", Clusters.Address(2), "--even-if-last");

        Assert.Equal((ExitCode.Ok, ""), (run.ExitCode, run.Error));
        Assert.Contains("no longer answers, and 10.0.0.2:4060 was Exiting; name another coordinator with --server to see it gone", run.Output, StringComparison.Ordinal);
        Assert.True(coordinator.Request<LeaveNodeRequest>().EvenIfLast);
    }

    [Fact]
    public async Task Leave_ThatTakesTooLong_SaysWhatStandsInTheWay()
    {
        var stuck = Clusters.Unwell();
        stuck.Nodes[0].Status = "Leaving";
        coordinator.Answers<GetClusterRequest>(_ => stuck).Answers<LeaveNodeRequest>(_ => stuck);

        var run = await CoordctlRun.Of(coordinator, "cluster", "leave", "10.0.0.1:4060", "--timeout", "1s");

        Assert.Equal(ExitCode.Unwell, run.ExitCode);
        Assert.StartsWith("coordctl: 10.0.0.1:4060 is not gone after 1 s; it goes on without you: 10.0.0.2:4060 is unreachable", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Orders_WithoutWaiting_ReturnAtOnce()
    {
        coordinator.Answers<GetClusterRequest>(_ => Clusters.Unwell()).Answers<LeaveNodeRequest>(_ => Clusters.Well()).Answers<DownNodeRequest>(_ => Clusters.Well());

        var leave = await CoordctlRun.Of(coordinator, "cluster", "leave", "10.0.0.1:4060", "--no-wait");
        var down = await CoordctlRun.Of(coordinator, "cluster", "down", "10.0.0.2:4060", "--reason", "its power is off", "--by", "ann", "--no-wait");

        Assert.Equal((ExitCode.Ok, "10.0.0.1:4060 was told; 'coordctl cluster status' shows when it is gone\n"), (leave.ExitCode, leave.Output));
        Assert.Equal((ExitCode.Ok, "10.0.0.2:4060 was told; 'coordctl cluster status' shows when it is gone\n"), (down.ExitCode, down.Output));
        Assert.Equal(new DownNodeRequest { Node = Clusters.Address(2), Uid = 1_002, By = "ann", Reason = "its power is off" }, coordinator.Request<DownNodeRequest>());
    }

    [Fact]
    public async Task Node_ThatIsNoMember_IsRefusedWithThoseThatAre()
    {
        coordinator.Answers<GetClusterRequest>(_ => Clusters.Unwell());

        var run = await CoordctlRun.Of(coordinator, "cluster", "leave", "10.0.0.4:4060");

        Assert.Equal((ExitCode.NotFound, "coordctl: '10.0.0.4:4060' is no member of the cluster; members are 10.0.0.1:4060, 10.0.0.2:4060, 10.0.0.3:4060\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Refusal_OfTheCoordinator_IsItsSentence()
    {
        coordinator.Answers<GetClusterRequest>(_ => Clusters.Well()).Refuses<DownNodeRequest>(StatusCode.FailedPrecondition, "10.0.0.2:4060 is reachable");

        var run = await CoordctlRun.Of(coordinator, "cluster", "down", "10.0.0.2:4060", "--reason", "x");

        Assert.Equal((ExitCode.Refused, "coordctl: 10.0.0.2:4060 is reachable\n"), (run.ExitCode, run.Error));
    }

    static Cluster Going(string status, int shards)
    {
        var cluster = Clusters.Well();
        (cluster.Nodes[1].Status, cluster.Nodes[1].Shards, cluster.Nodes[1].Entities) = (status, shards, 40);
        return cluster;
    }

    /// <summary>The old life is gone, and a new one is there on the same address.</summary>
    static Cluster ComeBack()
    {
        var cluster = Clusters.Well();
        cluster.Nodes[1].Uid = 77;
        cluster.Nodes[1].StartedAt = Timestamp.FromDateTimeOffset(Clusters.Now);
        return cluster;
    }

    /// <summary>Seen once more, and then never again.</summary>
    Cluster Dying(Cluster last) => coordinator.Requests.OfType<GetClusterRequest>().Count() <= 2
        ? last
        : throw new RpcException(new Status(StatusCode.Unavailable, "gone"));
}
