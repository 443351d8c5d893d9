using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Draining;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Coordinator.PostgresLab;

namespace Coordinator.Actors.Tests.Draining;

public sealed class SqliteCordonActorTests() : CordonActorTests(new SqliteTestDatabase());

public sealed class PostgresCordonActorTests(ThrowawayPostgres server) : CordonActorTests(new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>;

public abstract class CordonActorTests : TestKit
{
    private static readonly HostName s_alpha = new("alpha");
    private static readonly SignedWord s_ann = new("ann", "new memory");
    private static readonly SignedWord s_bob = new("bob", "done");

    private readonly TestDatabase _database;
    private readonly SqlStore _store;
    private readonly TestProbe _mediator;
    private readonly TestProbe _entities;

    protected CordonActorTests(TestDatabase database)
        : base("akka.loggers = []")
    {
        _database = database;
        _store = database.NewVerifiedStore();
#pragma warning disable MA0056 // The kit's own; the classes above only choose the database.
        _mediator = CreateTestProbe();
        _entities = CreateTestProbe();
#pragma warning restore MA0056
        Sys.EventStream.Subscribe(_entities, typeof(CordonsShown));
    }

    [Fact]
    public async Task Cordon_IsDurableShownAndToldToTheOtherNodes()
    {
        (IActorRef actor, CordonBoard board) = Node();

        CordonAnswer answer = await Set(actor, "r1", s_alpha, on: true, s_ann);

        Assert.Equal(("", s_alpha, "ann", "new memory"), (answer.Refusal, answer.Cordon!.Host, answer.Cordon.By, answer.Cordon.Reason));
        Assert.Equal(answer.Cordon, board.Of(s_alpha));
        Assert.Null(board.Of(new HostName("beta")));
        await _entities.ExpectMsgAsync<CordonsShown>();
        Assert.IsType<CordonsChanged>((await _mediator.FishForMessageAsync(m => m is Publish) as Publish)!.Message);

        (IActorRef other, CordonBoard elsewhere) = Node();
        other.Tell(new CordonsChanged(1));
        await AwaitConditionAsync(() => Task.FromResult(elsewhere.Of(s_alpha) == answer.Cordon), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Hosts_AreCordonedEachForItself()
    {
        (IActorRef actor, CordonBoard board) = Node();
        HostName beta = new("beta");
        await Set(actor, "r1", s_alpha, on: true, s_ann);
        await Set(actor, "r2", beta, on: true, s_bob);

        Assert.Equal(new CordonAnswer(Cordon: null, ""), await Set(actor, "r3", s_alpha, on: false, s_bob));

        Assert.Null(board.Of(s_alpha));
        Assert.Equal("bob", board.Of(beta)!.By);
    }

    [Fact]
    public async Task RepeatedRequest_ChangesNothingThatOthersHaveDoneSince()
    {
        (IActorRef actor, _) = Node();
        (IActorRef other, _) = Node();
        await Set(actor, "off", s_alpha, on: false, s_ann);
        await Set(actor, "on", s_alpha, on: true, s_bob);

        CordonAnswer again = await Set(other, "off", s_alpha, on: false, s_ann);

        Assert.Equal("bob", again.Cordon!.By);
        Assert.StartsWith("this request was carried out, and since then host alpha is cordoned by bob", again.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestIdOfAnotherHost_IsRefused()
    {
        (IActorRef actor, CordonBoard board) = Node();
        await Set(actor, "r1", s_alpha, on: true, s_ann);

        CordonAnswer refused = await Set(actor, "r1", new HostName("beta"), on: true, s_ann);

        Assert.Contains("has cordoned alpha; a new request needs a new id", refused.Refusal, StringComparison.Ordinal);
        Assert.Null(board.Of(new HostName("beta")));
    }

    [Fact]
    public async Task HostThatIsBeingDrained_StaysCordoned()
    {
        (IActorRef actor, _) = Node();
        DrainTable drains = new(_store);
        (DrainRecord drain, _) = drains.Begin(new RequestId("d1"), new DrainJob(s_alpha, 2, 0), s_ann);

        Assert.Contains("is being drained by ann", (await Set(actor, "r1", s_alpha, on: false, s_bob)).Refusal, StringComparison.Ordinal);

        drains.End(drain.Id, DrainOutcome.Cancelled, "over");
        Assert.Equal(new CordonAnswer(Cordon: null, ""), await Set(actor, "r1", s_alpha, on: false, s_bob));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _database.Dispose();
    }

    private static Task<CordonAnswer> Set(IActorRef actor, string request, HostName host, bool on, SignedWord word) =>
        actor.Ask<CordonAnswer>(new SetCordon(new RequestId(request), host, on, word), TimeSpan.FromSeconds(15));

    private (IActorRef Actor, CordonBoard Board) Node()
    {
        CordonBoard board = new();
        return (Sys.ActorOf(CordonActor.Props(new CordonTable(_store), new DrainTable(_store), board, _mediator)), board);
    }
}
