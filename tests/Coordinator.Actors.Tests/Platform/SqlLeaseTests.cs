using System.Diagnostics;
using Akka.Configuration;
using Akka.Coordination;
using Akka.Event;
using Coordinator.Actors.Fencing;
using Coordinator.Actors.Platform;
using Coordinator.PostgresLab;

namespace Coordinator.Actors.Tests.Platform;

public sealed class SqliteLeaseTests() : SqlLeaseTests(new SqliteTestDatabase());

public sealed class PostgresLeaseTests(ThrowawayPostgres server) : SqlLeaseTests(new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>;

public abstract class SqlLeaseTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TestDatabase database;
    private readonly SqlStore store;
    private readonly List<SqlLease> leases = [];

    protected SqlLeaseTests(TestDatabase database)
    {
        this.database = database;
        store = database.NewVerifiedStore();
    }

    public void Dispose()
    {
        foreach (var lease in leases)
        {
            lease.StopRenewing();
        }

        database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Lease_TwoOwners_SecondIsRefusedUntilTheFirstReleases()
    {
        var (first, second) = (Lease("a"), Lease("b"));
        Assert.True(await first.Acquire());
        Assert.True(first.CheckLease());
        Assert.True(await first.Acquire());
        Assert.False(await second.Acquire());
        Assert.False(second.CheckLease());

        Assert.True(await first.Release());
        Assert.False(first.CheckLease());
        Assert.True(await second.Acquire());
        Assert.False(await first.Acquire());
        Assert.True(await first.Release());
        Assert.True(second.CheckLease());
    }

    [Fact]
    public async Task Lease_SameOwnerNameInAnotherProcess_IsAnotherOwner()
    {
        Assert.True(await Lease("127.0.0.1:4000").Acquire());
        Assert.False(await Lease("127.0.0.1:4000").Acquire());
    }

    [Fact]
    public async Task Lease_OtherNames_AreIndependent()
    {
        Assert.True(await Lease("a", name: "one").Acquire());
        Assert.True(await Lease("b", name: "two").Acquire());
    }

    [Fact]
    public async Task Lease_HolderThatRenews_OutlivesItsTimeToLive()
    {
        var (first, second) = (Lease("a", timeToLiveMs: 2_000), Lease("b", timeToLiveMs: 2_000));
        Assert.True(await first.Acquire());
        var started = Stopwatch.GetTimestamp();
        Assert.True(await Eventually.IsTrue(
            async () =>
            {
                Assert.False(await second.Acquire());
                return Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(3);
            },
            Limit));
        Assert.True(first.CheckLease());
    }

    [Fact]
    public async Task Lease_HolderThatDied_IsReplacedAfterItsTimeToLiveAndNotBefore()
    {
        var (first, second) = (Lease("a", timeToLiveMs: 2_000), Lease("b", timeToLiveMs: 2_000));
        Assert.True(await first.Acquire());
        first.StopRenewing();
        var died = Stopwatch.GetTimestamp();
        Assert.True(await Eventually.IsTrue(second.Acquire, Limit));
        Assert.False(first.CheckLease());
        Assert.InRange(Stopwatch.GetElapsedTime(died).TotalMilliseconds, 1_500, 15_000);
    }

    [Fact]
    public async Task Lease_Expiry_IsJudgedByTheDatabasesClock()
    {
        var lease = Lease("b");
        database.Execute($"INSERT INTO lease VALUES ('test', 'someone', 7, {store.NowMsSql} + 3600000)");
        Assert.False(await lease.Acquire());
        database.Execute($"UPDATE lease SET expires_at_ms = {store.NowMsSql} - 1");
        Assert.True(await lease.Acquire());
        Assert.Equal(8L, database.Scalar("SELECT version FROM lease WHERE name = 'test'"));
    }

    [Theory]
    [InlineData("UPDATE lease SET owner = 'thief', version = version + 1")]
    [InlineData("UPDATE lease SET expires_at_ms = 0")]
    [InlineData("DELETE FROM lease")]
    public async Task Lease_TakenOrExpiredOrGone_IsReportedLostOnce(string mishap)
    {
        var lost = new List<Exception>();
        var lease = Lease("a");
        Assert.True(await lease.Acquire(lost.Add));
        database.Execute(mishap);
        Assert.True(await Eventually.IsTrue(() => lost.Count > 0, Limit));
        Assert.False(lease.CheckLease());
        Assert.IsType<LeaseException>(Assert.Single(lost));
    }

    [Fact]
    public async Task Lease_DatabaseSilentBeyondTheTimeToLive_IsLostWithTheReason()
    {
        var lost = new TaskCompletionSource<Exception>();
        var lease = Lease("a", timeToLiveMs: 2_000);
        Assert.True(await lease.Acquire(lost.SetResult));
        using (database.Block("lease"))
        {
            var reason = await lost.Task.WaitAsync(Limit);
            Assert.False(lease.CheckLease());
            Assert.IsType<LeaseException>(reason);
            await Assert.ThrowsAsync<LeaseTimeoutException>(() => lease.Acquire());
        }

        Assert.True(await Eventually.IsTrue(
            async () =>
            {
                try
                {
                    return await lease.Acquire();
                }
                catch (LeaseException)
                {
                    return false;
                }
            },
            Limit));
    }

    [Fact]
    public async Task Lease_Released_IsNotReportedLost()
    {
        var lost = new List<Exception>();
        var (first, second) = (Lease("a", timeToLiveMs: 1_500), Lease("b", timeToLiveMs: 1_500));
        Assert.True(await first.Acquire(lost.Add));
        await first.Release();
        Assert.True(await second.Acquire());
        second.StopRenewing();
        Assert.True(await Eventually.IsTrue(() => Task.FromResult(!second.CheckLease()), Limit));
        Assert.Empty(lost);
    }

    [Fact]
    public async Task Lease_ManyOwnersAtOnce_NeverTwoHolders()
    {
        var holders = 0;
        var acquisitions = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(number => Task.Run(async () =>
        {
            var lease = Lease($"owner-{number}");
            for (var round = 0; round < 25; round++)
            {
                if (await lease.Acquire())
                {
                    Assert.Equal(1, Interlocked.Increment(ref holders));
                    Assert.True(lease.CheckLease());
                    Interlocked.Increment(ref acquisitions);
                    Interlocked.Decrement(ref holders);
                    await lease.Release();
                }
            }
        })));
        Assert.InRange(acquisitions, 6, 150);
        Assert.Equal(Convert.ToInt64(acquisitions), database.Scalar("SELECT version FROM lease WHERE name = 'test'"));
    }

    [Theory]
    [InlineData(1_000, 600, 400)]
    [InlineData(1_000, 0, 400)]
    [InlineData(1_000, 200, 1_000)]
    public void Lease_TimesThatContradictEachOther_AreRefused(int timeToLiveMs, int intervalMs, int operationMs) =>
        Assert.Throws<ConfigurationException>(() => Lease("a", timeToLiveMs: timeToLiveMs, intervalMs: intervalMs, operationMs: operationMs));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LeaseHolder_StoppedBeyondItsTimeToLiveAndContinued_FindsItLost(bool takenMeanwhile)
    {
        await using var holder = new ProbeProcess("lease", "test", database.Address, "2000");
        await holder.WaitForFact("ready");
        holder.Tell("acquire");
        await holder.WaitForFact("acquired True");
        var version = (long)database.Scalar("SELECT version FROM lease")!;

        holder.SignalStopped();
        var other = Lease("b", timeToLiveMs: 60_000);
        Assert.True(takenMeanwhile
            ? await Eventually.IsTrue(other.Acquire, Limit)
            : await Eventually.IsTrue(() => database.Scalar($"SELECT 1 FROM lease WHERE expires_at_ms <= {store.NowMsSql}") is not null, Limit));

        var woken = holder.Now;
        holder.SignalContinued();
        holder.Tell("check");
        await holder.WaitForFact("holds False", woken);
        await holder.WaitForFact("lost LeaseException", woken);
        holder.Tell("acquire");
        await holder.WaitForFact($"acquired {!takenMeanwhile}", woken);
        Assert.Equal(takenMeanwhile, other.CheckLease());
        Assert.Equal(version + 1, database.Scalar("SELECT version FROM lease"));
    }

    private SqlLease Lease(string owner, string name = "test", int timeToLiveMs = 10_000, int? intervalMs = null, int? operationMs = null)
    {
        var times = new TimeoutSettings(
            TimeSpan.FromMilliseconds(intervalMs ?? timeToLiveMs / 20),
            TimeSpan.FromMilliseconds(timeToLiveMs),
            TimeSpan.FromMilliseconds(operationMs ?? timeToLiveMs * 9 / 10));
        var lease = new SqlLease(new LeaseSettings(name, owner, times, Config.Empty), store, TimeProvider.System, NoLogger.Instance);
        leases.Add(lease);
        return lease;
    }
}
