using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Coordinator.Actors.Metrics;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Holding;

/// <summary>Put the hold on or take it off; answered with <see cref="HoldAnswer"/> once it is in the database.</summary>
/// <param name="Request">A repetition changes nothing, even if others have changed the hold since.</param>
/// <param name="Held">On or off.</param>
/// <param name="Word">Who and why.</param>
public sealed record SetHold(RequestId Request, bool Held, SignedWord Word) : INoSerializationVerificationNeeded;

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
    private const int MaxTries = 5;
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
        for (int tries = 1; ; tries++)
        {
            bool changed = _table.TrySet(set.Request, set.Held, set.Word);
            HoldState now = _table.Read();
            if (_table.VersionOf(set.Request) is { } made)
            {
                return Answer(now, made == now.Version || now.Hold is not null == set.Held ? "" : Overtaken(now), changed);
            }

            if (set.Held && now.Hold is { } standing)
            {
                bool same = standing.By == set.Word.By && standing.Reason == set.Word.Proof;
                return Answer(now, same ? "" : $"{standing}; that hold stands, and 'coordctl hold off' would end it", changed: false);
            }

            // Another node was faster, and what it did does not stand in the way.
            if (tries == MaxTries)
            {
                return Answer(now, "others change the hold at this moment; ask again", changed: false);
            }
        }
    }

    /// <summary>Of a repeated request; that it was carried out is not the whole truth.</summary>
    private static string Overtaken(HoldState now) => now.Hold is { } newer
        ? $"this request was carried out, and since then {newer}"
        : $"this request was carried out, and since then {now.By} has ended the hold";

    private static Looked Answer(HoldState now, string refusal, bool changed) => new(now, new HoldAnswer(now.Hold, refusal), Failure: null) { Changed = changed };

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

        bool wasHeld = _board.Current is not null;
        if (_board.Show(looked.State!) && (wasHeld || looked.State!.Hold is not null))
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
