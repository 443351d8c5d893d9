using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;

namespace Coordinator.Actors.Holding;

/// <summary>
/// One per node, for a wish of the operators that stands in the database: writes it there, tells the other nodes to look (they do at once, and by themselves every 2 s, should the word be lost), and
/// shows it to its node. A node that cannot read the database goes on with what it knew: it cannot journal anything either.
/// </summary>
/// <typeparam name="TState">The wish as it stands.</typeparam>
internal abstract class WishActor<TState> : UntypedActor, IWithTimers
    where TState : class
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(2);

    private readonly string _name;
    private readonly string _topic;
    private readonly IActorRef _mediator;

    /// <param name="name">What it is about, for the log.</param>
    /// <param name="topic">Where nodes tell each other.</param>
    /// <param name="mediator">Of the node.</param>
    protected WishActor(string name, string topic, IActorRef mediator) => (_name, _topic, _mediator) = (name, topic, mediator);

    public ITimerScheduler Timers { get; set; } = null!;

    protected ILoggingAdapter Log { get; } = Context.GetLogger();

    protected override void PreStart()
    {
        _mediator.Tell(new Subscribe(_topic, Self));
        Timers.StartPeriodicTimer(LookDue.Instance, LookDue.Instance, s_lookEvery);
    }

    /// <summary>From the database; not on the actor's thread.</summary>
    protected abstract TState Read();

    /// <summary>On the node's board, and on its event stream if anything has changed.</summary>
    protected abstract void Show(TState state);

    /// <summary>For the other nodes.</summary>
    protected abstract object ChangeOf(TState state);

    /// <returns>False for a message that is none of this actor's.</returns>
    protected abstract bool Take(object message);

    /// <summary>Writes, not on the actor's thread, and answers the sender.</summary>
    protected void Carry(Func<Looked> write)
    {
        IActorRef client = Sender;
        _ = Task.Run(write).PipeTo(Self, client, failure: e => new Failed(e));
    }

    protected void Look() => _ = Task.Run(Read).PipeTo(Self, ActorRefs.NoSender, state => new Looked(state, Answer: null, HasChanged: false), e => new Failed(e));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case LookDue:
                Look();
                break;
            case Looked looked:
                OnLooked(looked);
                break;
            case Failed failed:
                Log.Warning("{0} cannot be read or written: {1}", _name, failed.Cause.Message);
                if (!Sender.IsNobody() && !Sender.Equals(Context.System.DeadLetters))
                {
                    Sender.Tell(new Status.Failure(failed.Cause));
                }

                break;
            case SubscribeAck:
                break;
            default:
                if (!Take(message))
                {
                    Unhandled(message);
                }

                break;
        }
    }

    private void OnLooked(Looked looked)
    {
        Show(looked.State);
        if (looked.Answer is { } answer)
        {
            Sender.Tell(answer);
        }

        if (looked.HasChanged)
        {
            _mediator.Tell(new Publish(_topic, ChangeOf(looked.State)));
        }
    }

    /// <param name="State">As it is now.</param>
    /// <param name="Answer">For who asked; null if nobody did.</param>
    /// <param name="HasChanged">By this node, so that the others must hear of it.</param>
    protected sealed record Looked(TState State, object? Answer, bool HasChanged) : INoSerializationVerificationNeeded;

    private sealed record Failed(Exception Cause) : INoSerializationVerificationNeeded;

    private sealed class LookDue : INoSerializationVerificationNeeded
    {
        internal static readonly LookDue Instance = new();
    }
}
