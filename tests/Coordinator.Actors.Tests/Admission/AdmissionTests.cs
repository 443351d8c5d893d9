using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Admission;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Metrics;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain.Admission;

namespace Coordinator.Actors.Tests.Admission;

/// <summary>Desks and the queue with probes for entities; two hosts' limits are 1 out and 1 in, the others' the default.</summary>
public sealed class AdmissionTests : TestKit
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    private readonly Hosts _hosts = new();
    private ImmutableHashSet<string> _members = ["n1"];
    private volatile int _looks;

    public AdmissionTests()
        : base("akka.loggers = []")
    {
    }

    [Fact]
    public async Task Wish_ThatFits_IsGiven_AndOneThatDoesNot_IsToldWhy_UntilTheSlotIsFree()
    {
        IActorRef desk = Desk("n1", Queue());
        TestProbe first = Want(desk, "web-1");
        await first.ExpectMsgAsync<SlotGiven>(s_patience);
        Hold(first, desk, "web-1");
        TestProbe second = Want(desk, "web-2");

        Assert.Equal(
            "waits: alpha sends 1 guest at a time (limits.outgoing) and is sending web-1; it is next",
            (await second.ExpectMsgAsync<SlotDelayed>(s_patience)).Sentence);

        desk.Tell(new LeaveSlot("web-1"), first);
        Assert.Equal(Entry("web-2").Migration, (await second.ExpectMsgAsync<SlotGiven>(s_patience)).Migration);
    }

    [Fact]
    public async Task Grant_ThatWasLost_IsRepeated()
    {
        IActorRef desk = Desk("n1", Queue());
        TestProbe entity = Want(desk, "web-1");

        await entity.ExpectMsgAsync<SlotGiven>(s_patience);
        await entity.ExpectMsgAsync<SlotGiven>(s_patience);
    }

    [Fact]
    public async Task NewQueue_LearnsFromTheDesksWhoHoldsWhat()
    {
        IActorRef forward = Sys.ActorOf(Relay.Props(Queue()));
        IActorRef desk = Desk("n1", forward);
        TestProbe holder = Want(desk, "web-1");
        await holder.ExpectMsgAsync<SlotGiven>(s_patience);
        Hold(holder, desk, "web-1");
        TestProbe waiter = Want(desk, "web-2");
        await waiter.ExpectMsgAsync<SlotDelayed>(s_patience);

        forward.Tell(new Relay.To(Queue()));

        Assert.Contains("is sending web-1", (await waiter.ExpectMsgAsync<SlotDelayed>(s_patience)).Sentence, StringComparison.Ordinal);
        // One that came later was judged after it; it still waits then.
        await Want(desk, "web-3").ExpectMsgAsync<SlotDelayed>(s_patience);
        Assert.False(waiter.HasMessages);
    }

    [Fact]
    public async Task NewQueue_WaitsForEveryMembersDesk()
    {
        _members = ["n1", "n2"];
        IActorRef queue = Queue();
        IActorRef desk = Desk("n1", queue);
        TestProbe waiter = Want(desk, "web-2");
        int looks = _looks;
        Assert.True(await Eventually.IsTrue(() => _looks >= looks + 3, s_patience));
        Assert.False(waiter.HasMessages);

        // The other node's desk holds what this one wants, and is heard only then.
        TestProbe deaf = CreateTestProbe();
        IActorRef way = Sys.ActorOf(Relay.Props(deaf));
        Hold(CreateTestProbe(), Desk("n2", way), "web-1");
        await deaf.FishForMessageAsync(m => m is AdmissionReport { Entries.Length: 1 }, s_patience);
        way.Tell(new Relay.To(queue));

        Assert.Contains("is sending web-1", (await waiter.ExpectMsgAsync<SlotDelayed>(s_patience)).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LostReport_IsAskedForAgain()
    {
        IActorRef relay = Sys.ActorOf(Relay.Props(Queue()));
        IActorRef desk = Desk("n1", relay);
        TestProbe first = Want(desk, "web-1");
        await first.ExpectMsgAsync<SlotGiven>(s_patience);
        relay.Tell(Relay.LoseNext);
        Hold(first, desk, "web-1");
        TestProbe second = Want(desk, "web-2");

        await second.FishForMessageAsync(m => m is SlotDelayed { Sentence: var s } && s.Contains("is sending web-1", StringComparison.Ordinal), s_patience);
    }

    [Fact]
    public async Task ManyEntries_AreToldInParts_AndAllArrive()
    {
        IActorRef relay = Sys.ActorOf(Relay.Props(Queue()));
        IActorRef desk = Desk("n1", relay);
        TestProbe all = CreateTestProbe();
        for (int i = 0; i < 2_500; i++)
        {
            desk.Tell(new ShowSlot(Entry($"vm-{i}", source: $"s{i}", destination: $"d{i}")), all);
        }

        HashSet<Guid> given = [];
        while (given.Count < 2_500)
        {
            given.Add((await all.ExpectMsgAsync<SlotGiven>(s_patience)).Migration);
        }

        // And again to a queue that knows nothing.
        relay.Tell(new Relay.To(Queue()));
        given.Clear();
        while (given.Count < 2_500)
        {
            given.Add((await all.ExpectMsgAsync<SlotGiven>(s_patience)).Migration);
        }
    }

    [Fact]
    public async Task EntityThatEndsWithoutLeaving_KeepsItsSlotForItsNextLife()
    {
        IActorRef desk = Desk("n1", Queue());
        TestProbe first = Want(desk, "web-1");
        await first.ExpectMsgAsync<SlotGiven>(s_patience);
        Hold(first, desk, "web-1");
        Sys.Stop(first);
        TestProbe second = Want(desk, "web-2");
        await second.ExpectMsgAsync<SlotDelayed>(s_patience);

        // The next life of web-1 is on another node, and tells its end there.
        _members = ["n1", "n2"];
        TestProbe nextLife = CreateTestProbe();
        IActorRef other = Desk("n2", _queue!);
        Hold(nextLife, other, "web-1");
        other.Tell(new LeaveSlot("web-1"), nextLife);

        await second.ExpectMsgAsync<SlotGiven>(s_patience);
    }

    [Fact]
    public void LostNode_KeepsItsClaimsForAWhile_AndLosesItsWishes()
    {
        AdmissionBook book = new(TimeSpan.FromSeconds(60));
        Guid lost = Guid.NewGuid();
        Guid here = Guid.NewGuid();
        TestProbe desk = CreateTestProbe();
        Assert.True(book.Take(Report(lost, "n1", 1, true, Entry("web-1") with { Holds = true }, Entry("web-9", "delta")), desk, TimeSpan.Zero));
        Assert.True(book.Take(Report(here, "n2", 1, true, Entry("web-2")), desk, TimeSpan.Zero));
        book.LoseNode("n1", TimeSpan.FromSeconds(1));

        Assert.Equal(1, book.Waiting);
        Assert.Equal("web-2", Assert.Single(Decide(book, 2).Waits).Wish.Vm.Value);
        Assert.Empty(Decide(book, 60).Orders);
        Assert.Equal("web-2", Assert.Single(Assert.Single(Decide(book, 61).Orders).Orders.Granted).Vm);
    }

    [Fact]
    public void GrantThatNobodyTakes_IsGivenToAnother()
    {
        AdmissionBook book = new(TimeSpan.FromSeconds(60));
        Guid here = Guid.NewGuid();
        TestProbe desk = CreateTestProbe();
        Assert.True(book.Take(Report(here, "n2", 1, true, Entry("web-1"), Entry("web-2") with { AskedAtUnixMs = 5 }), desk, TimeSpan.Zero));
        Assert.Equal("web-1", Assert.Single(Assert.Single(Decide(book, 0).Orders).Orders.Granted).Vm);

        Assert.True(book.Take(Report(here, "n2", 2, false) with { Gone = ["web-1"] }, desk, TimeSpan.FromSeconds(1)));
        Assert.Equal("web-2", Assert.Single(Assert.Single(Decide(book, 1).Orders).Orders.Granted).Vm);
    }

    [Theory]
    [InlineData("max-active = 0", "max-active is '0'; it is off or a whole number of 1 or more")]
    [InlineData("longest-back-off = 1s", "is shorter than")]
    public void Settings_OutOfRange_AreRefusedByName(string changed, string sentence)
    {
        Akka.Configuration.Config config = Akka.Configuration.ConfigurationFactory.ParseString($"coordinator.admission {{ {changed} }}")
            .WithFallback(Actors.Platform.CoordinatorConfig.Load());

        Assert.Contains(sentence, Assert.Throws<Akka.Configuration.ConfigurationException>(() => AdmissionSettings.Of(config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BackOff_DoublesUpToTheLongest()
    {
        AdmissionSettings settings = AdmissionSettings.Of(Actors.Platform.CoordinatorConfig.Load());

        Assert.Equal([2, 4, 8, 256, 300, 300], new[] { 1, 2, 3, 8, 9, 1_000 }.Select(n => settings.BackOffAfter(n).TotalSeconds));
    }

    private IActorRef? _queue;

    private IActorRef Queue()
    {
        AdmissionSettings settings = AdmissionSettings.Of(Actors.Platform.CoordinatorConfig.Load()) with { Settle = TimeSpan.Zero };
        return _queue = Sys.ActorOf(AdmissionQueueActor.Props(settings, _hosts, new CoordinatorMetrics(), Members));
    }

    /// <summary>Asked at every look of a queue that has not settled.</summary>
    private ImmutableHashSet<string> Members()
    {
        Interlocked.Increment(ref _looks);
        return _members;
    }

    private IActorRef Desk(string node, IActorRef queue) => Sys.ActorOf(AdmissionDeskActor.Props(node, queue));

    private TestProbe Want(IActorRef desk, string vm)
    {
        TestProbe entity = CreateTestProbe();
        desk.Tell(new ShowSlot(Entry(vm)), entity);
        return entity;
    }

    private static void Hold(TestProbe entity, IActorRef desk, string vm) => desk.Tell(new ShowSlot(Entry(vm) with { Holds = true }), entity);

    private static (IReadOnlyList<(IActorRef Desk, AdmissionOrders Orders)> Orders, IReadOnlyList<SlotWait> Waits) Decide(AdmissionBook book, int second) =>
        book.Decide(_ => new Domain.Admission.HostLimits(1, 1, null), FleetLimits.None, TimeSpan.FromSeconds(second));

    private static AdmissionReport Report(Guid desk, string node, long number, bool whole, params SlotEntry[] entries) => new(node, desk, number, whole, More: false, entries, []);

    private static SlotEntry Entry(string vm, string source = "alpha", string destination = "beta") =>
        new(vm, new Guid(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(vm))), 0, Holds: false, source, destination, "user", 1 << 20, 1);

    private sealed class Hosts : IHostDirectory
    {
        public IReadOnlyList<KnownHost> All => [];

        public KnownHost? Find(string host) => host is "alpha" or "beta"
            ? new KnownHost(host, Connected: true, "n1", 0, new Hello { Host = host, Limits = new AgentProtocol.HostLimits { Outgoing = 1, Incoming = 1 } })
            : null;
    }

    /// <summary>The way from a desk to the queue.</summary>
    private sealed class Relay : UntypedActor
    {
        internal static readonly object LoseNext = new();

        private IActorRef _to;
        private bool _lose;

        public Relay(IActorRef to) => _to = to;

        internal sealed record To(IActorRef Queue);

        internal static Props Props(IActorRef to) => Akka.Actor.Props.Create(() => new Relay(to));

        protected override void OnReceive(object message)
        {
            if (message is To to)
            {
                _to = to.Queue;
            }
            else if (message == LoseNext)
            {
                _lose = true;
            }
            else if (_lose && message is AdmissionReport { Entries.Length: > 0 })
            {
                _lose = false;
            }
            else
            {
                _to.Forward(message);
            }
        }
    }
}
