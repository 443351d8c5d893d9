using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Metrics;
using Coordinator.Contracts;

namespace Coordinator.Actors.Tests.Fleet;

public sealed class FleetActorTests() : TestKit(ConfigurationFactory.ParseString("akka { loglevel = WARNING, stdout-loglevel = OFF, loggers = [] }"))
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly FleetBoard _board = new(TimeProvider.System);
    private readonly FleetFeed _feed = new();
    private IActorRef _fleet = ActorRefs.Nobody;

    [Fact]
    public void Changes_GoOutInOneNumberedBatchAndOnTheOwnBoardAtOnce()
    {
        Start();
        long first = Speech(c => c.Summaries.Length == 0).Number;
        for (int i = 0; i < 100; i++)
        {
            _feed.Show(Summaries.Of("web-1", sequence: i + 1));
            _feed.Show(Summaries.Of("web-2", sequence: i + 1));
        }

        List<FleetChanges> said = [];
        while (!said.SelectMany(c => c.Summaries).Any(s => s.Vm == "web-2" && s.Version >> 20 == 100))
        {
            said.Add(Speech(_ => true));
        }

        // 200 changes within a moment: a few batches, each VM at most once in each.
        Assert.InRange(said.Count, 1, 10);
        Assert.All(said, c => Assert.Equal(c.Summaries.Length, c.Summaries.Select(s => s.Vm).Distinct(StringComparer.Ordinal).Count()));
        Assert.Equal(Enumerable.Range(1, said.Count).Select(n => first + n), said.Select(c => c.Number));
        Assert.Equal(2, _board.Picture().Vms.Count);
    }

    [Fact]
    public void ManyVms_GoOutInPartsThatFitAFrame()
    {
        Start();
        for (int i = 0; i < 1_200; i++)
        {
            _feed.Show(Summaries.Of($"web-{i}"));
        }

        HashSet<string> heard = [];
        while (heard.Count < 1_200)
        {
            FleetChanges changes = Speech(_ => true);
            Assert.InRange(changes.Summaries.Length, 0, 500);
            heard.UnionWith(changes.Summaries.Select(s => s.Vm));
        }
    }

    [Fact]
    public void MissedMessage_IsNoticedAndAllOfThatNodeAskedFor()
    {
        Start();
        Guid life = Guid.NewGuid();
        Hear(life, 1, "web-1");
        Assert.Equal("node-2", Asked());
        Hear(life, 2, "web-2");
        Hear(life, 4, "web-4");

        AwaitAssert(
            () =>
            {
                Hear(life, 6, "web-6");
                Assert.Equal("node-2", Asked(TimeSpan.FromMilliseconds(200)));
            },
            s_patience);

        Assert.Equal(["web-1", "web-2", "web-4", "web-6"], _board.Picture().Vms.Select(v => v.Vm).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AskedForAll_ShowsEveryEntityOfThisNodeAndNoneThatHasLeft()
    {
        Start();
        _feed.Show(Summaries.Of("stays"));
        _feed.Show(Summaries.Of("leaves"));
        Speech(c => c.Summaries.Any(s => s.Vm == "stays"));
        _feed.Leave("leaves");

        _fleet.Tell(new ShowFleet("node-3"));
        _fleet.Tell(new ShowFleet("node-1"));

        Assert.Equal(["stays"], Speech(c => c.Summaries.Length > 0).Summaries.Select(s => s.Vm));
    }

    [Fact]
    public void EntityThatStops_HasItsLastLineTold()
    {
        Start();
        _feed.Show(Summaries.Of("web-1", phase: "Succeeded"));
        _feed.Leave("web-1");

        Assert.Equal("Succeeded", Assert.Single(Speech(c => c.Summaries.Length > 0).Summaries).Phase);
    }

    [Fact]
    public async Task Samples_AreWantedOnlyWhileSomebodyLooks()
    {
        Start();
        Assert.False(_feed.WantsSamples);
        using CancellationTokenSource stop = new();
        await using IAsyncEnumerator<FleetPicture> viewer = _board.Look(stop.Token).GetAsyncEnumerator();
        await viewer.MoveNextAsync();

        Assert.Equal("node-1", FishForMessage<Publish>(p => p.Message is LookAtFleet, s_patience).Message is LookAtFleet look ? look.Node : "");
        _fleet.Tell(new LookAtFleet("node-2"));
        AwaitCondition(() => _feed.WantsSamples, s_patience);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => viewer.MoveNextAsync().AsTask());
        AwaitCondition(() => !_feed.WantsSamples, s_patience);
    }

    private void Start()
    {
        _fleet = Sys.ActorOf(FleetActor.Props(_board, _feed, TestActor, "node-1", new CoordinatorMetrics()));
        _feed.LeadTo(_fleet);
        FishForMessage<Subscribe>(_ => true, s_patience);
    }

    private void Hear(Guid life, long number, string vm) => _fleet.Tell(new FleetChanges("node-2", life, number, [Summaries.Of(vm, node: "node-2")]));

    private string Asked(TimeSpan? within = null) =>
        FishForMessage<Publish>(p => p.Message is ShowFleet, within ?? s_patience).Message is ShowFleet ask ? ask.Node : "";

    private FleetChanges Speech(Predicate<FleetChanges> which) =>
        (FleetChanges)FishForMessage<Publish>(p => p.Message is FleetChanges changes && which(changes), s_patience).Message;
}
