using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain;
using Google.Protobuf;

namespace Coordinator.Actors.Tests.Agents;

public sealed class AgentSessionActorTests : TestKit
{
    private readonly FakeStream _stream = new();
    private readonly TestProbe _region;
    private readonly TestProbe _mediator;
    private readonly TestProbe _directory;

    public AgentSessionActorTests()
        : base("akka.loggers = []")
    {
        _region = CreateTestProbe();
        _mediator = CreateTestProbe();
        _directory = CreateTestProbe();
    }

    [Fact]
    public void Session_Opened_WelcomesSubscribesAndNudgesTheVmsOfTheHost()
    {
        Open("vm-1", "vm-2", "../no-name");

        Assert.Equal("node-1", Assert.Single(_stream.Written).Welcome.Node);
        Assert.Equal(["vm-1", "vm-2"], new[] { _region.ExpectMsg<Nudge>().VmId, _region.ExpectMsg<Nudge>().VmId });
        Assert.False(_region.HasMessages);
    }

    [Fact]
    public void WhatTheAgentSays_GoesToTheVm()
    {
        IActorRef session = Open();
        VmReport report = new() { Vm = "vm-1", Host = "somebody-else", Sequence = 4 };

        session.Tell(new FromAgent(new AgentMessage { Report = report }));
        session.Tell(new FromAgent(new AgentMessage { Answer = new StepAnswer { Vm = "vm-1", StepNo = 9 } }));
        session.Tell(new FromAgent(new AgentMessage { Progress = new ProgressSample { Vm = "vm-1" } }));

        AgentReported reported = _region.ExpectMsg<AgentReported>();
        Assert.Equal(("vm-1", "host-a"), (reported.Vm, reported.Host));
        Assert.Equal(report, VmReport.Parser.ParseFrom(reported.Report));
        Assert.Equal(9, StepAnswer.Parser.ParseFrom(_region.ExpectMsg<AgentAnswered>().Answer).StepNo);
        _region.ExpectMsg<AgentSampled>();
    }

    [Fact]
    public void WhatIsPublishedForTheHost_GoesToTheAgent()
    {
        IActorRef session = Open();
        Step step = new() { Vm = "vm-1", StepNo = 3 };

        session.Tell(new SendToHost("host-a", new CoordinatorMessage { Step = step }.ToByteArray()));

        AwaitAssert(() => Assert.Equal(step, _stream.Written[^1].Step));
    }

    [Fact]
    public void CarriedHandoff_IsPublishedUnchangedForTheOtherHost()
    {
        IActorRef session = Open();
        CarriedHandoff carried = new() { FromHost = "host-a", ToHost = "host-b", Vm = "vm-1", Frame = ByteString.CopyFromUtf8("as it is") };

        session.Tell(new FromAgent(new AgentMessage { Carried = carried }));

        Publish published = _mediator.FishForMessage<Publish>(p => p.Topic == "host-host-b");
        Assert.Equal(carried, CoordinatorMessage.Parser.ParseFrom(Assert.IsType<SendToHost>(published.Message).Message).Carried);
    }

    [Fact]
    public void NewerSessionOfTheHost_EndsThisOne()
    {
        IActorRef session = Open();
        Watch(session);

        session.Tell(new HostSessionOpened("host-a", Guid.NewGuid()));

        ExpectTerminated(session);
        Assert.Contains("newer stream", _stream.Closed, StringComparison.Ordinal);
        _directory.FishForMessage<HostClosed>(c => c.Host == "host-a");
    }

    [Fact]
    public void OwnAnnouncement_EndsNothing()
    {
        IActorRef session = Open();
        HostSessionOpened own = (HostSessionOpened)_announced!.Message;

        session.Tell(own);
        session.Tell(new SendToHost("host-a", new CoordinatorMessage { Step = new Step { StepNo = 1 } }.ToByteArray()));

        AwaitAssert(() => Assert.Equal(2, _stream.Written.Count));
    }

    [Fact]
    public void AgentThatReadsTooSlowly_LosesItsStream()
    {
        IActorRef session = Open();
        Watch(session);
        _stream.IsFull = true;

        session.Tell(new SendToHost("host-a", new CoordinatorMessage { Step = new Step() }.ToByteArray()));

        ExpectTerminated(session);
        Assert.Contains("too slowly", _stream.Closed, StringComparison.Ordinal);
    }

    [Fact]
    public void HostWithAForbiddenName_IsRefused() =>
        Assert.Throws<InvalidValueException>(() => AgentSessionActor.Props(new Hello { Host = "host_a" }, _stream, Parts));

    private AgentSessionParts Parts => new(_region, _mediator, _directory, TimeProvider.System, "node-1");

    private Publish? _announced;

    private IActorRef Open(params string[] vms)
    {
        Hello hello = new() { Host = "host-a" };
        hello.Vms.AddRange(vms);
        IActorRef session = Sys.ActorOf(AgentSessionActor.Props(hello, _stream, Parts));
        Subscribe subscribe = _mediator.ExpectMsg<Subscribe>();
        Assert.Equal("host-host-a", subscribe.Topic);
        Assert.Equal("host-a", _directory.ExpectMsg<HostOpened>().Entry.Host);
        session.Tell(new SubscribeAck(subscribe), _mediator);
        _announced = _mediator.ExpectMsg<Publish>();
        Assert.IsType<HostSessionOpened>(_announced.Message);
        return session;
    }

    private sealed class FakeStream : IAgentStream
    {
        private readonly Lock _turn = new();
        private readonly List<CoordinatorMessage> _written = [];

        public IReadOnlyList<CoordinatorMessage> Written
        {
            get
            {
                lock (_turn)
                {
                    return [.. _written];
                }
            }
        }

        public volatile bool IsFull;

        public string Closed { get; private set; } = "";

        public bool TryWrite(CoordinatorMessage message)
        {
            lock (_turn)
            {
                _written.Add(message);
            }

            return !IsFull;
        }

        public void Close(string reason) => Closed = reason;
    }
}
