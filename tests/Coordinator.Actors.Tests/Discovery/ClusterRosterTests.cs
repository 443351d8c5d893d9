using System.Collections.Concurrent;
using Coordinator.Actors.Discovery;
using Coordinator.Actors.Tests.Platform;
using Coordinator.PostgresLab;

namespace Coordinator.Actors.Tests.Discovery;

public sealed class SqliteClusterRosterTests() : ClusterRosterTests(new SqliteTestDatabase());

public sealed class PostgresClusterRosterTests(ThrowawayPostgres server) : ClusterRosterTests(new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>;

public abstract class ClusterRosterTests : IDisposable
{
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(10);

    private readonly TestDatabase database;
    private readonly ClusterRoster roster;

    protected ClusterRosterTests(TestDatabase database)
    {
        this.database = database;
        roster = new ClusterRoster(database.NewVerifiedStore());
    }

    public void Dispose()
    {
        database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Founding_OfManyAtOnce_IsGivenToOne()
    {
        for (var round = 0; round < 20; round++)
        {
            var generation = roster.Read().Generation;
            var founders = new ConcurrentBag<int>();
            Parallel.For(0, 6, new ParallelOptions { MaxDegreeOfParallelism = 6 }, node =>
            {
                roster.Register($"node:{node}", $"life-{round}");
                if (roster.TryFound($"node:{node}", $"life-{round}", generation, SilentAfter) is { } granted)
                {
                    Assert.Equal(generation + 1, granted);
                    founders.Add(node);
                }
            });
            var founder = Assert.Single(founders);
            var member = Assert.Single(roster.Read().Nodes, node => node.IsMember);
            Assert.Equal(($"node:{founder}", generation + 1), (member.Address, member.Generation));
            database.Execute("DELETE FROM cluster_node");
        }
    }

    [Fact]
    public void Founding_BesideAMemberThatWasSeenLately_IsRefused()
    {
        roster.Register("a:1", "life-a");
        Assert.Equal(1, roster.TryFound("a:1", "life-a", 0, SilentAfter));
        roster.Register("b:1", "life-b");
        Assert.Null(roster.TryFound("b:1", "life-b", 1, SilentAfter));

        database.Execute("UPDATE cluster_node SET seen_at_ms = seen_at_ms - 9000 WHERE address = 'a:1'");
        Assert.Null(roster.TryFound("b:1", "life-b", 1, SilentAfter));

        database.Execute("UPDATE cluster_node SET seen_at_ms = seen_at_ms - 1001 WHERE address = 'a:1'");
        Assert.Equal(2, roster.TryFound("b:1", "life-b", 1, SilentAfter));
    }

    [Fact]
    public void Founding_ByAProcessWhoseAddressIsAnothersNow_IsRefusedAndCountsForNothing()
    {
        roster.Register("a:1", "old-life");
        roster.Register("a:1", "new-life");
        Assert.False(roster.Refresh("a:1", "old-life"));
        Assert.Null(roster.TryFound("a:1", "old-life", 0, SilentAfter));
        Assert.Equal(0, roster.Read().Generation);
        Assert.Equal(1, roster.TryFound("a:1", "new-life", 0, SilentAfter));
    }

    [Fact]
    public void Predecessor_OnTheSameAddress_IsReplaced()
    {
        roster.Register("a:1", "old-life");
        roster.TryFound("a:1", "old-life", 0, SilentAfter);
        roster.Register("a:1", "new-life");
        Assert.False(Assert.Single(roster.Read().Nodes).IsMember);

        roster.Remove("a:1", "old-life");
        Assert.Single(roster.Read().Nodes);
        roster.Remove("a:1", "new-life");
        Assert.Empty(roster.Read().Nodes);
    }
}
