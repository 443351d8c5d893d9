using Akka.Actor;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Draining;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Coordinator.PostgresLab;
using Coordinator.ReadModel;

namespace Coordinator.Actors.Tests.Draining;

public sealed class SqliteDrainRoundTests() : DrainRoundTests(new SqliteTestDatabase());

public sealed class PostgresDrainRoundTests(ThrowawayPostgres server) : DrainRoundTests(new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>;

/// <summary>Drains step by step, each step by a "node" that knows nothing of the one before.</summary>
public abstract class DrainRoundTests : TestKit
{
    private static readonly HostName s_alpha = new("alpha");
    private static readonly SignedWord s_ann = new("ann", "new memory");

    private readonly TestDatabase _database;
    private readonly SqlStore _store;
    private readonly DrainTable _table;
    private readonly FakeFleet _fleet;
    private readonly CordonBoard _cordons = new();
    private readonly HoldBoard _hold = new();
    private readonly IActorRef _region;

    protected DrainRoundTests(TestDatabase database)
        : base("akka.loggers = []")
    {
        _database = database;
        _store = database.NewVerifiedStore();
        _table = new DrainTable(_store);
        _fleet = new FakeFleet(database);
        _fleet.AddHost("alpha");
        _fleet.AddHost("beta");
#pragma warning disable MA0056 // The kit's own; the classes above only choose the database.
        _region = Sys.ActorOf(_fleet.Entities());
#pragma warning restore MA0056
    }

    [Fact]
    public async Task Guests_AreMovedAFewAtATime_AndTheHostIsCordonedAndThenEmpty()
    {
        AddVms(5);
        DrainRecord drain = Begin(maxParallel: 2);
        Assert.Equal("ann", new CordonTable(_store).Read().Cordons[s_alpha].By);

        int steps = 0;
        while (_table.Newest(s_alpha)!.EndedAt is null)
        {
            Assert.True(steps++ < 30, "the drain does not end");
            await Step(drain);
            Assert.InRange(_fleet.UnderWay, 0, 2);
            foreach (string vm in Vms(5).Where(vm => _fleet.GoesTo(vm) is not null).Take(1).ToList())
            {
                _fleet.End(vm, "Succeeded");
            }
        }

        DrainRecord ended = _table.Newest(s_alpha)!;
        Assert.Equal((DrainOutcome.Drained, "5 guests were moved; the host is empty"), (ended.Outcome!.Value, ended.Sentence));
        Assert.Equal(5, _fleet.Asked.Count);
        Assert.All(_fleet.Asked, ask => Assert.Equal(("beta", "drain", $"drain-{drain.Id:N}-1"), (ask.DestinationHost, ask.Priority, ask.RequestId)));
        Assert.All(_table.Tries(drain.Id), t => Assert.Equal(("Succeeded", "Verified", 21_000L), (t.Outcome, t.Verdict, t.BlackoutMicros!.Value)));
    }

    /// <summary>A node dies between what it wrote and what it heard: the next one asks with the same id for the same host.</summary>
    [Fact]
    public async Task LostAnswer_IsAskedForAgain_AndMovesNobodyTwice()
    {
        AddVms(1);
        DrainRecord drain = Begin();
        _fleet.AnswersToLose = 1;
        await Step(drain);
        Assert.Null(Assert.Single(_table.Tries(drain.Id)).MigrationId);

        await Step(drain);

        Assert.NotNull(Assert.Single(_table.Tries(drain.Id)).MigrationId);
        Assert.Single(_fleet.Asked);
    }

    [Fact]
    public async Task TwoNodesAtOnce_MoveNobodyTwice()
    {
        AddVms(4);
        DrainRecord drain = Begin(maxParallel: 4);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Step(drain))));

        Assert.Equal(4, _fleet.Asked.Count);
        Assert.Equal(4, _table.Tries(drain.Id).Count);
    }

    [Fact]
    public async Task GuestThatCannotBeMoved_IsTriedElsewhereFirst_AndLeftRunningAfterThreeTries()
    {
        _fleet.AddHost("gamma", freeMiB: 100);
        AddVms(1);
        DrainRecord drain = Begin();
        for (int i = 0; i < 3; i++)
        {
            await Step(drain);
            _fleet.End("vm-1", "Failed", "QEMU of the destination ended");
            await Step(drain);
        }

        await Step(drain);

        Assert.Equal(["beta", "gamma", "beta"], _fleet.Asked.Select(a => a.DestinationHost));
        DrainRecord ended = _table.Newest(s_alpha)!;
        Assert.Equal(DrainOutcome.Incomplete, ended.Outcome);
        Assert.Contains("vm-1 could not be moved in 3 tries; it runs on, and a person has to look", ended.Sentence, StringComparison.Ordinal);
        Assert.All(_table.Tries(drain.Id), t => Assert.Equal("QEMU of the destination ended", t.Reason));
    }

    [Fact]
    public async Task Drain_StopsAfterAsManyFailedGuestsAsWereNamed()
    {
        AddVms(3);
        _fleet.Refuses["beta"] = "not today";
        DrainRecord drain = Begin(maxParallel: 1, stopOnFailures: 1);
        for (int i = 0; i < 4; i++)
        {
            await Step(drain);
        }

        DrainRecord ended = _table.Newest(s_alpha)!;
        Assert.Equal(DrainOutcome.Stopped, ended.Outcome);
        Assert.Equal(["vm-1", "vm-1", "vm-1"], _table.Tries(drain.Id).Select(t => t.Vm.Value));
        Assert.Contains("vm-2 the drain has stopped after 1 failed guest", ended.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelledDrain_BeginsNothingMore()
    {
        AddVms(2);
        DrainRecord drain = Begin(maxParallel: 1);
        await Step(drain);

        Assert.True(_table.End(drain.Id, DrainOutcome.Cancelled, "by ann"));

        Assert.Empty(_table.Open());
        Assert.False(_table.End(drain.Id, DrainOutcome.Drained, "late"));
        Assert.Equal((DrainOutcome.Cancelled, 1), (_table.Newest(s_alpha)!.Outcome!.Value, _fleet.UnderWay));
    }

    [Fact]
    public async Task Hold_IsWaitedFor_AndCountsAsNoFailure()
    {
        AddVms(1);
        _hold.Show(new HoldState(1, new FleetHold("bob", "incident", DateTimeOffset.UnixEpoch)));
        DrainRecord drain = Begin();

        await Step(drain);

        Assert.Empty(_table.Tries(drain.Id));
        Assert.Null(_table.Newest(s_alpha)!.EndedAt);
    }

    [Fact]
    public async Task AntiAffinity_HoldsForGuestsThatAreThereAndThatAreOnTheirWay()
    {
        _fleet.AddHost("gamma", freeMiB: 1_000);
        _fleet.AddVm("db-1", "alpha", labels: "app=db", antiAffinity: "app");
        _fleet.AddVm("db-2", "alpha", labels: "app=db", antiAffinity: "app");
        _fleet.AddVm("db-3", "beta", labels: "app=db");
        DrainRecord drain = Begin();

        await Step(drain);
        await Step(drain);

        Assert.Equal("gamma", Assert.Single(_fleet.Asked).DestinationHost);
        DrainFacts facts = await Survey().Look(drain.Job, _table.Tries(drain.Id), CancellationToken.None);
        string waits = Assert.Single(DrainPlan.Of(drain.Job, facts.Source, facts.Others).Waits).Sentence;
        Assert.Contains("beta has db-3, which is app=db too", waits, StringComparison.Ordinal);
    }

    /// <summary>Its agent does not know yet of those that wait for their turn.</summary>
    [Fact]
    public async Task Memory_IsPromisedOnceOnly()
    {
        _fleet.AddHost("beta", freeMiB: 100);
        _fleet.MigrationsBeginAs = "Pending";
        AddVms(2);
        DrainRecord drain = Begin();

        await Step(drain);
        await Step(drain);

        Assert.Single(_fleet.Asked);
    }

    [Fact]
    public async Task GuestThatWaitsForAHostThatIsCordonedMeanwhile_GoesElsewhere()
    {
        _fleet.AddHost("gamma", freeMiB: 100);
        _fleet.MigrationsBeginAs = "Scheduling";
        AddVms(1);
        DrainRecord drain = Begin();
        await Step(drain);
        HostName beta = new("beta");
        _cordons.Show(new CordonState(9, System.Collections.Immutable.ImmutableDictionary<HostName, HostCordon>.Empty.Add(beta, new HostCordon(beta, "bob", "smoke", DateTimeOffset.UnixEpoch))));

        Assert.True(await Eventually.IsTrue(
            async () =>
            {
                await Step(drain);
                return _fleet.Asked.Count == 2;
            },
            TimeSpan.FromSeconds(30)));

        Assert.Equal("gamma", _fleet.GoesTo("vm-1"));
    }

    [Fact]
    public void Drain_OfTheSameRequest_IsTheSame_AndASecondOneOfTheHostIsNone()
    {
        DrainRecord first = Begin();

        Assert.Equal((first, true), _table.Begin(new RequestId("d1"), new DrainJob(s_alpha, 2, 0), s_ann));
        Assert.Equal((first, false), _table.Begin(new RequestId("d2"), new DrainJob(s_alpha, 2, 0), s_ann));
        Assert.Single(_table.Open());
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _database.Dispose();
    }

    private static IEnumerable<string> Vms(int count) => Enumerable.Range(1, count).Select(i => $"vm-{i}");

    private void AddVms(int count)
    {
        foreach (string vm in Vms(count))
        {
            _fleet.AddVm(vm, "alpha");
        }
    }

    private DrainRecord Begin(int maxParallel = 2, int stopOnFailures = 0) => _table.Begin(new RequestId("d1"), new DrainJob(s_alpha, maxParallel, stopOnFailures), s_ann).Drain;

    private Task Step(DrainRecord drain) => new DrainRound(_table, Survey(), _region).Run(drain, CancellationToken.None);

    private DrainSurvey Survey()
    {
        FleetBoard fleet = new(TimeProvider.System);
        fleet.Fill(new FleetHistory([], []));
        return new DrainSurvey(new DrainSources(_region, new ReadModelQueries(_store), _fleet, _cordons, _hold, fleet, TimeProvider.System, _ => TimeSpan.Zero));
    }
}
