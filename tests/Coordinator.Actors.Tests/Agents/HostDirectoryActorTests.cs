using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Google.Protobuf;

namespace Coordinator.Actors.Tests.Agents;

public sealed class HostDirectoryActorTests : TestKit
{
    private readonly TestProbe _mediator;
    private readonly HostDirectory _hosts = new();
    private readonly IActorRef _actor;

    public HostDirectoryActorTests()
        : base("akka.loggers = []")
    {
        _mediator = CreateTestProbe();
        _actor = Sys.ActorOf(HostDirectoryActor.Props(_hosts, _mediator, "node-1", TimeProvider.System, inCluster: false));
        Assert.Equal("hosts", _mediator.ExpectMsg<Subscribe>().Topic);
    }

    [Fact]
    public void OwnHost_IsKnownAndToldToTheOthers()
    {
        HostEntry entry = Entry("host-a", connected: true);

        _actor.Tell(new HostOpened(entry));

        HostsOfNode told = Assert.IsType<HostsOfNode>(_mediator.ExpectMsg<Publish>().Message);
        Assert.Equal(("node-1", "host-a"), (told.Node, Assert.Single(told.Hosts).Host));
        Assert.Equal(("node-1", true), (_hosts.Find("host-a")!.Node, _hosts.Find("host-a")!.Connected));
    }

    [Fact]
    public void HostOfAnotherNode_IsKnown()
    {
        _actor.Tell(new HostsOfNode("node-2", [Entry("host-b", connected: true)]));

        AwaitAssert(() => Assert.Equal("node-2", _hosts.Find("host-b")!.Node));
        Assert.Null(_hosts.Find("host-z"));
    }

    [Fact]
    public void ClosedSession_LeavesTheHostKnownAndNotConnected()
    {
        HostEntry entry = Entry("host-a", connected: true);
        _actor.Tell(new HostOpened(entry));

        _actor.Tell(new HostClosed("host-a", entry.Session));

        AwaitAssert(() => Assert.False(_hosts.Find("host-a")!.Connected));
    }

    [Fact]
    public void Capacity_IsWhatTheNewestSessionSaid_WhicheverNodeHasIt()
    {
        HostEntry own = Entry("host-a", connected: true);
        HostEntry other = Entry("host-b", connected: true);
        _actor.Tell(new HostOpened(own));
        _actor.Tell(new HostsOfNode("node-2", [other]));
        _actor.Tell(new HostStated("host-a", own.Session, 4_000));
        _actor.Tell(new HostStated("host-a", Guid.NewGuid(), 9_999));

        // As the mediator would: to this node too.
        CapacitiesOfNode told = (CapacitiesOfNode)((Publish)_mediator.FishForMessage(m => m is Publish { Message: CapacitiesOfNode { Hosts.Length: 1 } }, TimeSpan.FromSeconds(15))).Message;
        _actor.Tell(told);
        _actor.Tell(new CapacitiesOfNode("node-2", [new HostCapacity("host-b", other.Session, 5_000), new HostCapacity("host-b", Guid.NewGuid(), 1)]));

        AwaitAssert(() => Assert.Equal((4_000, 5_000), (_hosts.Find("host-a")!.MemoryFreeMiB, _hosts.Find("host-b")!.MemoryFreeMiB)));
    }

    [Fact]
    public void EndOfAnOlderSession_DoesNotCloseTheNewerOne()
    {
        _actor.Tell(new HostOpened(Entry("host-a", connected: true)));
        HostEntry newer = Entry("host-a", connected: true);
        _actor.Tell(new HostOpened(newer));

        _actor.Tell(new HostClosed("host-a", Guid.NewGuid()));
        _actor.Tell(new HostOpened(Entry("host-b", connected: true)));

        AwaitAssert(() => Assert.Equal(2, _hosts.All.Count));
        Assert.True(_hosts.Find("host-a")!.Connected);
    }

    [Fact]
    public void OpenStream_BeatsAClosedOneWhateverTheClocksSay()
    {
        _actor.Tell(new HostsOfNode("node-2", [Entry("host-a", connected: false) with { SinceUnixMs = long.MaxValue }]));
        _actor.Tell(new HostOpened(Entry("host-a", connected: true) with { SinceUnixMs = 1 }));

        AwaitAssert(() => Assert.Equal(("node-1", true), (_hosts.Find("host-a")?.Node, _hosts.Find("host-a")?.Connected ?? false)));
    }

    private static HostEntry Entry(string host, bool connected) => new(host, Guid.NewGuid(), connected, 7, new Hello { Host = host }.ToByteArray());
}
