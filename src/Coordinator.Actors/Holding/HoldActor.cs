using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Coordinator.Actors.Metrics;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Holding;

/// <summary>Put the hold on or take it off; answered with <see cref="HoldAnswer"/> once it is in the database.</summary>
public sealed record SetHold(bool Held, SignedWord Word) : INoSerializationVerificationNeeded;

/// <param name="Hold">As it is now; null for none.</param>
/// <param name="Refusal">Why the request was not carried out; empty if it was, or if it was so already.</param>
public sealed record HoldAnswer(FleetHold? Hold, string Refusal) : INoSerializationVerificationNeeded;

/// <summary>Said to this node's entities, on its event stream, after the board has changed.</summary>
internal sealed class HoldShown : INoSerializationVerificationNeeded
{
    internal static readonly HoldShown Instance = new();
}

/// <summary>
/// One per node. Writes the hold to the database, tells the other nodes to look (they do at once, and by themselves every 2 s, should the word be lost), and shows it on the node's board. A node
/// that cannot read the database goes on with what it knew: it cannot journal anything either.
/// </summary>
internal sealed class HoldActor : UntypedActor, IWithTimers
{
    private const string Topic = "hold";
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(2);

    private readonly HoldTable _table;
    private readonly HoldBoard _board;
    private readonly IActorRef _mediator;
    private readonly CoordinatorMetrics _metrics;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public HoldActor(HoldTable table, HoldBoard board, IActorRef mediator, CoordinatorMetrics metrics)
    {
        (_table, _board, _mediator, _metrics) = (table, board, mediator, metrics);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(HoldTable table, HoldBoard board, IActorRef mediator, CoordinatorMetrics metrics) =>
        Akka.Actor.Props.Create(() => new HoldActor(table, board, mediator, metrics));

    protected override void PreStart()
    {
        _metrics.ShowHold(_board.Current is not null);
        _mediator.Tell(new Subscribe(Topic, Self));
        Timers.StartPeriodicTimer(LookDue.Instance, LookDue.Instance, s_lookEvery);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SetHold set:
                IActorRef client = Sender;
                _ = Task.Run(() => Set(set)).PipeTo(Self, client, failure: e => new Looked(State: null, null, e));
                break;
            case HoldChanged or LookDue:
                _ = Task.Run(_table.Read).PipeTo(Self, ActorRefs.NoSender, state => new Looked(state, null, null), e => new Looked(null, null, e));
                break;
            case Looked looked:
                OnLooked(looked);
                break;
            case SubscribeAck:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private Looked Set(SetHold set)
    {
        bool changed = _table.TrySet(set.Held, set.Word);
        HoldState now = _table.Read();
        bool asWished = now.Hold is not null == set.Held;
        string refusal = changed || (asWished && (!set.Held || now.Hold is { } same && same.By == set.Word.By && same.Reason == set.Word.Proof)) ? ""
            : now.Hold is { } other ? $"{other}; that hold stands, and 'coordctl hold off' would end it"
            : "somebody else ended the hold at the same moment; ask again";
        return new Looked(now, new HoldAnswer(now.Hold, refusal), Failure: null) { Changed = changed };
    }

    private void OnLooked(Looked looked)
    {
        if (looked.Failure is { } failure)
        {
            _log.Warning("the hold cannot be read or written: {0}", failure.Message);
            if (!Sender.IsNobody() && !Sender.Equals(Context.System.DeadLetters))
            {
                Sender.Tell(new Status.Failure(failure));
            }

            return;
        }

        if (_board.Show(looked.State!))
        {
            _log.Warning(looked.State!.Hold?.ToString() ?? "the hold of all migrations has ended");
            _metrics.ShowHold(looked.State.Hold is not null);
            Context.System.EventStream.Publish(HoldShown.Instance);
        }

        if (looked.Answer is { } answer)
        {
            Sender.Tell(answer);
        }

        if (looked.Changed)
        {
            _mediator.Tell(new Publish(Topic, new HoldChanged(looked.State!.Version)));
        }
    }

    private sealed record Looked(HoldState? State, HoldAnswer? Answer, Exception? Failure) : INoSerializationVerificationNeeded
    {
        internal bool Changed { get; init; }
    }

    private sealed class LookDue : INoSerializationVerificationNeeded
    {
        internal static readonly LookDue Instance = new();
    }
}
