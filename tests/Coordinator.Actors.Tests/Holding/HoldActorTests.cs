using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Tests.Holding;

public sealed class HoldActorTests : TestKit
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SqliteStore _store;
    private readonly TestProbe _mediator;
    private readonly TestProbe _entities;

    public HoldActorTests()
        : base("akka.loggers = []")
    {
        _store = new SqliteStore(_directory.DatabaseFile);
        _store.CreateAndVerify(shardCount: 20);
        _mediator = CreateTestProbe();
        _entities = CreateTestProbe();
        Sys.EventStream.Subscribe(_entities, typeof(HoldShown));
    }

    [Fact]
    public async Task Hold_IsDurableShownAndToldToTheOtherNodes()
    {
        (IActorRef actor, HoldBoard board) = Node();

        HoldAnswer answer = await actor.Ask<HoldAnswer>(new SetHold(Held: true, new SignedWord("ann", "switch upgrade")));

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
        await first.Ask<HoldAnswer>(new SetHold(Held: true, new SignedWord("ann", "upgrade")));

        second.Tell(new HoldChanged(1));
        await AwaitConditionAsync(() => Task.FromResult(board.Current is { By: "ann" }), TimeSpan.FromSeconds(15));

        await second.Ask<HoldAnswer>(new SetHold(Held: false, new SignedWord("bob", "over")));
        Assert.Null(board.Current);
    }

    [Fact]
    public async Task SecondHold_IsRefusedAndTheSameOneIsNot()
    {
        (IActorRef actor, _) = Node();
        await actor.Ask<HoldAnswer>(new SetHold(Held: true, new SignedWord("ann", "upgrade")));

        Assert.Equal("", (await actor.Ask<HoldAnswer>(new SetHold(Held: true, new SignedWord("ann", "upgrade")))).Refusal);
        HoldAnswer refused = await actor.Ask<HoldAnswer>(new SetHold(Held: true, new SignedWord("bob", "other")));

        Assert.Contains("held by ann", refused.Refusal, StringComparison.Ordinal);
        Assert.Equal("ann", refused.Hold!.By);
        Assert.Equal("", (await actor.Ask<HoldAnswer>(new SetHold(Held: false, new SignedWord("bob", "over")))).Refusal);
        Assert.Equal("", (await actor.Ask<HoldAnswer>(new SetHold(Held: false, new SignedWord("bob", "over")))).Refusal);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _directory.Dispose();
    }

    private (IActorRef Actor, HoldBoard Board) Node()
    {
        HoldBoard board = new();
        return (Sys.ActorOf(HoldActor.Props(new HoldTable(_store), board, _mediator, new CoordinatorMetrics())), board);
    }
}
