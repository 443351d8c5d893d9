using System.Diagnostics;
using Coordinator.PostgresLab;
using Xunit.Abstractions;

namespace Coordinator.Actors.Tests.Platform;

public sealed class SqliteFailoverTests(ITestOutputHelper output) : FailoverTests(output, () => new SqliteTestDatabase());

public sealed class PostgresFailoverTests(ThrowawayPostgres server, ITestOutputHelper output) : FailoverTests(output, () => new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>;

public abstract class FailoverTests(ITestOutputHelper output, Func<TestDatabase> database)
{
    [Fact]
    public async Task Cluster_EitherNodeIsLost_TheOtherRecoversEveryEntityUnasked()
    {
        await using var cluster = new TwoNodeCluster(database());
        await cluster.StartBoth();
        var counts = await cluster.IncrementAll(0);
        await CommandsReachTheNodeThatListens(cluster);

        // Not the oldest, by SIGKILL.
        var lost = await cluster[1].Ask("entities");
        Assert.InRange(lost, 1, TwoNodeCluster.VmCount - 1);
        await KilledNodeIsReplaced(cluster, victim: 1, survivor: 0, expected: lost);

        // The oldest, which founded the cluster, put out the other and still holds the lease for that.
        await cluster.Restart(1);
        await KilledNodeIsReplaced(cluster, victim: 0, survivor: 1, expected: TwoNodeCluster.VmCount);

        // In good order, which needs neither timeouts nor lease.
        await cluster.Restart(0);
        await LeavingNodeIsReplaced(cluster, leaver: 1, heir: 0);

        await cluster.AssertCounts(0, counts);
        Assert.All(await cluster.IncrementAll(0), count => Assert.True(count.Value > counts[count.Key]));
    }

    private static async Task CommandsReachTheNodeThatListens(TwoNodeCluster cluster)
    {
        cluster[1].Tell("subscribe host-h1");
        await cluster[1].WaitForFact("subscribed host-h1");
        var heard = await Eventually.IsTrue(
            () =>
            {
                cluster[0].Tell("publish host-h1 vm-7");
                return cluster[1].Said().Contains("heard host-h1 vm-7");
            },
            TwoNodeCluster.FailoverLimit);
        Assert.True(heard, "a command published on one node never reached the listener on the other");
    }

    private async Task KilledNodeIsReplaced(TwoNodeCluster cluster, int victim, int survivor, long expected)
    {
        var before = cluster[survivor].Now;
        var killedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        cluster[victim].SignalKill();
        var said = await cluster.RecoveredOn(survivor, before, expected);
        double LastAfter(string start) =>
            (said.Where(fact => fact.StartsWith(start, StringComparison.Ordinal)).Max(fact => long.Parse(fact.Split(' ')[^1])) - killedAt) / 1000.0;
        output.WriteLine($"SIGKILL of node {victim + 1}, {expected} entities: unreachable {LastAfter("unreachable"):F1} s, "
            + $"removed {LastAfter("removed"):F1} s, last recovered {LastAfter("recovered"):F1} s");
    }

    private async Task LeavingNodeIsReplaced(TwoNodeCluster cluster, int leaver, int heir)
    {
        var before = cluster[heir].Now;
        var started = Stopwatch.GetTimestamp();
        cluster[leaver].Tell("leave");
        await cluster.RecoveredOn(heir, before, TwoNodeCluster.VmCount);
        output.WriteLine($"node {leaver + 1} left, {TwoNodeCluster.VmCount} entities: last recovered {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        Assert.Equal(0, await cluster[leaver].WaitForExit(TwoNodeCluster.FailoverLimit));
    }
}
