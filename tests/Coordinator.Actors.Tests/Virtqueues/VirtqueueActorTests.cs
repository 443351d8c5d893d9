using Akka.Actor;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Virtqueues;
using Coordinator.Domain;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Actors.Tests.Virtqueues;

public sealed class VirtqueueActorTests : TestKit
{
    private static readonly VirtqueueId s_id = new("/machine/peripheral/net0/virtio-backend", 1);
    private static readonly AttemptNo s_attempt = new(3);

    public VirtqueueActorTests()
        : base("akka.loggers = []")
    {
    }

    [Fact]
    public void NewActor_SaysThatItIsAwake()
    {
        IActorRef _ = Queue();

        Assert.Equal(s_id, ExpectMsg<QueueWord.Awake>().Id);
    }

    [Fact]
    public void FinalRecords_OfTheAttempt_AreJudged()
    {
        IActorRef queue = Attempt();

        queue.Tell(new QueueCommand.Observe(Record(RingSide.Source, ObservationKind.Final, 10)));
        queue.Tell(new QueueCommand.Observe(Record(RingSide.Destination, ObservationKind.Final, 10)));
        queue.Tell(new QueueCommand.Judge(s_attempt));

        Assert.Equal(ParityOutcome.Equal, FishForMessage<QueueWord.Judged>(_ => true).Judgement.Outcome);
    }

    [Fact]
    public void RecordsOfAnOlderAttempt_AreForgotten()
    {
        IActorRef queue = Attempt();
        queue.Tell(new QueueCommand.Observe(Record(RingSide.Source, ObservationKind.Final, 10)));
        queue.Tell(new QueueCommand.Observe(Record(RingSide.Destination, ObservationKind.Final, 10)));

        queue.Tell(new QueueCommand.BeginAttempt(s_attempt.Next));
        queue.Tell(new QueueCommand.Judge(s_attempt.Next));

        Assert.Equal(ParityOutcome.Unchecked, FishForMessage<QueueWord.Judged>(_ => true).Judgement.Outcome);
    }

    [Fact]
    public void RequestsOfAnotherAttempt_AreNotAnswered()
    {
        IActorRef queue = Attempt();

        queue.Tell(new QueueCommand.Judge(s_attempt.Next));
        queue.Tell(new QueueCommand.Compare(s_attempt.Next, Source: null, Destination: null));
        queue.Tell(new QueueCommand.Judge(s_attempt));

        Assert.Equal(s_attempt, ExpectMsg<QueueWord.Judged>().Attempt);
    }

    [Fact]
    public void QueueThatIsMissingAtTheDestination_IsNotReadyByName()
    {
        IActorRef queue = Attempt();
        QueueConfiguration source = new() { Id = s_id, DeviceName = "virtio-net", DeviceQueueCount = 3 };

        queue.Tell(new QueueCommand.Compare(s_attempt, source, Destination: null));

        QueueReadiness.NotReady told = Assert.IsType<QueueReadiness.NotReady>(ExpectMsg<QueueWord.ReadinessTold>().Readiness);
        Assert.Contains("net0 tx0", told.Reason, StringComparison.Ordinal);
    }

    private IActorRef Attempt()
    {
        IActorRef queue = Queue();
        ExpectMsg<QueueWord.Awake>();
        queue.Tell(new QueueCommand.BeginAttempt(s_attempt));
        return queue;
    }

    private IActorRef Queue() => ActorOfAsTestActorRef<VirtqueueActor>(VirtqueueActor.Props(s_id), TestActor);

    private static VirtqueueObservation Record(RingSide side, ObservationKind kind, ushort index) => new()
    {
        Id = s_id,
        Side = side,
        Kind = kind,
        DeviceName = "virtio-net",
        DeviceQueueCount = 3,
        Layout = RingLayout.Split,
        Size = new RingSize(256),
        DescAddress = 0x1000,
        AvailAddress = 0x2000,
        UsedAddress = 0x3000,
        LastAvailIdx = index,
        UsedIdx = index,
    };
}
