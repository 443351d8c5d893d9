using Coordinator.PostgresLab;
using Xunit.Abstractions;

namespace Coordinator.Actors.Tests.Platform;

public sealed class SqlitePausedNodeTests(ITestOutputHelper output) : PausedNodeTests(output, () => new SqliteTestDatabase());

public sealed class PostgresPausedNodeTests(ThrowawayPostgres server, ITestOutputHelper output) : PausedNodeTests(output, () => new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>;

public abstract class PausedNodeTests(ITestOutputHelper output, Func<TestDatabase> database)
{
    [Fact]
    public async Task Node_PausedUntilItIsReplaced_PutsItselfOutAndRecordsNothing()
    {
        await using var cluster = new TwoNodeCluster(database());
        await cluster.StartBoth();
        var counts = await cluster.IncrementAll(1);
        var lost = await cluster[0].Ask("entities");
        Assert.InRange(lost, 1, TwoNodeCluster.VmCount - 1);

        var beforePause = cluster[1].Now;
        cluster[0].SignalStopped();
        await cluster.RecoveredOn(1, beforePause, lost);

        // What it finds on waking: a write for every VM that it still believes to own.
        var wokenAt = cluster[0].Now;
        foreach (var vm in counts.Keys)
        {
            cluster[0].Tell($"increment {vm}");
        }

        cluster[0].SignalContinued();
        Assert.NotEqual(0, await cluster[0].WaitForExit(TwoNodeCluster.FailoverLimit));
        var said = cluster[0].Said(wokenAt);
        output.WriteLine($"the woken node said {string.Join("; ", said.Select(fact => fact.Length > 40 ? fact[..40] : fact))}");
        Assert.DoesNotContain(said, fact => fact.StartsWith("answer", StringComparison.Ordinal) && !fact.Contains("failed", StringComparison.Ordinal));

        await cluster.AssertCounts(1, counts);
        Assert.All(await cluster.IncrementAll(1), count => Assert.True(count.Value > counts[count.Key]));

        Assert.DoesNotContain(
            cluster[1].Said(beforePause),
            fact => fact.StartsWith("refused", StringComparison.Ordinal) || fact.StartsWith("stopped", StringComparison.Ordinal));
    }
}
