using System.Diagnostics;
using System.Globalization;
using Coordinator.Actors.Tests.Platform;
using Coordinator.PostgresLab;
using Xunit.Abstractions;

namespace Coordinator.Actors.Tests.Discovery;

public sealed class DiscoveryTests(ThrowawayPostgres server, ITestOutputHelper output) : IClassFixture<ThrowawayPostgres>
{
    private const int Rounds = 5;
    private const int VmCount = 30;

    /// <summary>Again and again three processes at the same moment on an empty list of nodes; then all are killed, and what they remembered comes back in one cluster.</summary>
    [Fact]
    public async Task Database_ThreeNodesAtTheSameMoment_AreOneClusterEveryTime()
    {
        using var database = new PostgresTestDatabase(server);
        for (var round = 1; round <= Rounds; round++)
        {
            await using var cluster = new NodeCluster(database, (_, _) => "database", count: 3);
            var started = Stopwatch.GetTimestamp();
            cluster.Start(0, 1, 2);
            await cluster.AreOneCluster(0, 1, 2);
            output.WriteLine($"round {round}: one cluster after {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
            Assert.Equal((long)round, Foundings(database));
            if (round < Rounds)
            {
                await cluster.KillAll();
                database.Execute("DELETE FROM cluster_node");
                continue;
            }

            foreach (var vm in Enumerable.Range(0, VmCount))
            {
                await cluster[vm % 3].Ask($"increment vm-{vm}");
            }

            await cluster.KillAll();
            started = Stopwatch.GetTimestamp();
            cluster.Start(0, 1, 2);
            await cluster.AreOneCluster(0, 1, 2);
            var together = Stopwatch.GetElapsedTime(started);
            Assert.True(await Eventually.IsTrue(() => Recovered(cluster).Count() == VmCount, ProbeProcess.Limit), "not every entity came back");
            output.WriteLine($"all killed: one cluster again after {together.TotalSeconds:F1} s, {VmCount} entities back after {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
            Assert.Equal(round + 1L, Foundings(database));
        }
    }

    [Theory]
    [InlineData("list")]
    [InlineData("dns")]
    public async Task OtherWays_NodesThatComeOneAfterTheOther_JoinTheFirst(string way)
    {
        await using var cluster = new NodeCluster(
            new PostgresTestDatabase(server),
            (ports, node) => way == "list" ? string.Join(',', ports.Select(port => $"127.0.0.1:{port}")) : string.Create(CultureInfo.InvariantCulture, $"dns:localhost:{ports[0]}"),
            count: 2);
        cluster.Start(1);
        await cluster.AreOneCluster(1);
        cluster.Start(0);
        await cluster.AreOneCluster(0, 1);
    }

    /// <summary>Of three dead members only one comes back: the others might be alive, so it watches them for a while, and then goes on alone.</summary>
    [Fact]
    public async Task Database_OneOfThreeDeadComesBack_FoundsAloneAfterItHasWatchedTheirSilence()
    {
        var database = new PostgresTestDatabase(server);
        await using var cluster = new NodeCluster(database, (_, _) => "database", count: 3);
        cluster.Start(0, 1, 2);
        await cluster.AreOneCluster(0, 1, 2);
        await cluster.KillAll();

        cluster.Start(1);
        await cluster[1].WaitForFact($"up {cluster.Ports[1]} ");
        Assert.Equal(2L, Foundings(database));
    }

    /// <summary>Cut off, or stopped, for so long that others have founded anew: what woke up belongs to the past.</summary>
    [Fact]
    public async Task Database_MemberOfASupersededCluster_PutsItselfOut()
    {
        var database = new PostgresTestDatabase(server);
        await using var cluster = new NodeCluster(database, (_, _) => "database", count: 2);
        cluster.Start(0);
        await cluster.AreOneCluster(0);
        cluster[0].SignalStopped();
        cluster.Start(1);
        await cluster[1].WaitForFact($"up {cluster.Ports[1]} ");
        Assert.Equal(2L, Foundings(database));

        cluster[0].SignalContinued();
        Assert.NotEqual(0, await cluster[0].WaitForExit(ProbeProcess.Limit));
    }

    /// <summary>
    /// The only member dies between the welcome and the promotion of a second node. Seen as two clusters on one database that served side by side for good: the one that came back found no member in the
    /// list and founded; the other one, promoted by itself, took the newest generation in the list for its own.
    /// </summary>
    [Fact]
    public async Task Database_FounderDiesWhileAnotherJoins_ComesBackIntoTheClusterOfTheOther()
    {
        var database = new PostgresTestDatabase(server);
        await using var cluster = new NodeCluster(database, (_, _) => "database", count: 2);
        cluster.StartWith("akka.cluster.leader-actions-interval = 1h", 0);
        await cluster.AreOneCluster(0);
        cluster.Start(1);
        await cluster[1].WaitForFact($"joining {cluster.Ports[1]} ");

        await cluster.Kill(0);
        cluster.Start(0);
        await cluster.AreOneCluster(0, 1);
        Assert.Equal(1L, Foundings(database));
    }

    private static long Foundings(TestDatabase database) => (long)database.Scalar("SELECT generation FROM cluster_founding")!;

    private static IEnumerable<string> Recovered(NodeCluster cluster) => Enumerable.Range(0, 3)
        .SelectMany(node => cluster[node].Said().Where(fact => fact.StartsWith("recovered vm-", StringComparison.Ordinal)))
        .Select(fact => fact.Split(' ')[1]).Distinct(StringComparer.Ordinal);
}
