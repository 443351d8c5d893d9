using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.PostgresLab;

namespace Coordinator.Actors.Tests.Holding;

public sealed class SqliteHoldActorTests() : HoldActorTests(new SqliteTestDatabase());

public sealed class PostgresHoldActorTests(ThrowawayPostgres server) : HoldActorTests(new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>;

public abstract class HoldActorTests : TestKit
{
    private readonly TestDatabase _database;
    private readonly SqlStore _store;
    private readonly TestProbe _mediator;
    private readonly TestProbe _entities;

    protected HoldActorTests(TestDatabase database)
        : base("akka.loggers = []")
    {
        _database = database;
        _store = database.NewVerifiedStore();
#pragma warning disable MA0056 // The kit's own; the classes below only choose the database.
        _mediator = CreateTestProbe();
        _entities = CreateTestProbe();
#pragma warning restore MA0056
        Sys.EventStream.Subscribe(_entities, typeof(HoldShown));
    }

    [Fact]
    public async Task Hold_IsDurableShownAndToldToTheOtherNodes()
    {
        (IActorRef actor, HoldBoard board) = Node();

        HoldAnswer answer = await actor.Ask<HoldAnswer>(new SetHold(new RequestId("r1"), Held: true, new SignedWord("ann", "switch upgrade")));

        Assert.Equal(("", "ann", "switch upgrade"), (answer.Refusal, answer.Hold!.By, answer.Hold.Reason));
        Assert.InRange(answer.Hold.Since, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(answer.Hold, board.Current);
        await _entities.ExpectMsgAsync<HoldShown>();
        Assert.IsType<HoldChanged>((await _mediator.FishForMessageAsync(m => m is Publish) as Publish)!.Message);

        // A node that starts later, and one that only hears of it.
        HoldBoard later = new();
        later.Show(new HoldTable(_store).Read());
        Assert.Equal(answer.Hold, later.Current);
    }

    [Fact]
    public async Task OtherNode_HearsOfItAndReadsIt()
    {
        (IActorRef first, _) = Node();
        (IActorRef second, HoldBoard board) = Node();
        await first.Ask<HoldAnswer>(new SetHold(new RequestId("r2"), Held: true, new SignedWord("ann", "upgrade")));

        second.Tell(new HoldChanged(1));
        await AwaitConditionAsync(() => Task.FromResult(board.Current is { By: "ann" }), TimeSpan.FromSeconds(15));

        await second.Ask<HoldAnswer>(new SetHold(new RequestId("r3"), Held: false, new SignedWord("bob", "over")));
        Assert.Null(board.Current);
    }

    [Fact]
    public async Task SecondHold_IsRefusedAndTheSameOneIsNot()
    {
        (IActorRef actor, _) = Node();
        await actor.Ask<HoldAnswer>(new SetHold(new RequestId("r4"), Held: true, new SignedWord("ann", "upgrade")));

        Assert.Equal("", (await actor.Ask<HoldAnswer>(new SetHold(new RequestId("r5"), Held: true, new SignedWord("ann", "upgrade")))).Refusal);
        HoldAnswer refused = await actor.Ask<HoldAnswer>(new SetHold(new RequestId("r6"), Held: true, new SignedWord("bob", "other")));

        Assert.Contains("held by ann", refused.Refusal, StringComparison.Ordinal);
        Assert.Equal("ann", refused.Hold!.By);
        Assert.Equal("", (await actor.Ask<HoldAnswer>(new SetHold(new RequestId("r7"), Held: false, new SignedWord("bob", "over")))).Refusal);
        Assert.Equal("", (await actor.Ask<HoldAnswer>(new SetHold(new RequestId("r8"), Held: false, new SignedWord("bob", "over")))).Refusal);
    }

    [Fact]
    public async Task RepeatedRequest_ChangesNothingThatOthersHaveDoneSince()
    {
        (IActorRef actor, _) = Node();
        (IActorRef other, _) = Node();
        await actor.Ask<HoldAnswer>(new SetHold(new RequestId("on"), Held: true, new SignedWord("ann", "upgrade")));
        SetHold off = new(new RequestId("off"), Held: false, new SignedWord("ann", "over"));
        Assert.Equal(new HoldAnswer(Hold: null, ""), await actor.Ask<HoldAnswer>(off));
        await actor.Ask<HoldAnswer>(new SetHold(new RequestId("incident"), Held: true, new SignedWord("bob", "incident")));

        // Its answer was lost, so ann's client asks again, at another node.
        HoldAnswer again = await other.Ask<HoldAnswer>(off);

        Assert.Equal("bob", again.Hold!.By);
        Assert.StartsWith("this request was carried out, and since then all migrations are held by bob", again.Refusal, StringComparison.Ordinal);
        await actor.Ask<HoldAnswer>(new SetHold(new RequestId("over"), Held: false, new SignedWord("bob", "over")));
        HoldAnswer on = await actor.Ask<HoldAnswer>(new SetHold(new RequestId("incident"), Held: true, new SignedWord("bob", "incident")));
        Assert.Equal(new HoldAnswer(Hold: null, "this request was carried out, and since then bob has ended the hold"), on);
    }

    [Fact]
    public async Task RepeatedOff_ThatHadNothingToTakeOff_TakesOffNothingLater()
    {
        (IActorRef actor, HoldBoard board) = Node();
        SetHold off = new(new RequestId("off"), Held: false, new SignedWord("ann", "over"));
        await actor.Ask<HoldAnswer>(off);
        await actor.Ask<HoldAnswer>(new SetHold(new RequestId("incident"), Held: true, new SignedWord("bob", "incident")));

        await actor.Ask<HoldAnswer>(off);

        Assert.Equal("bob", board.Current!.By);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _database.Dispose();
    }

    private (IActorRef Actor, HoldBoard Board) Node()
    {
        HoldBoard board = new();
        return (Sys.ActorOf(HoldActor.Props(new HoldTable(_store), board, _mediator, new CoordinatorMetrics())), board);
    }
}
