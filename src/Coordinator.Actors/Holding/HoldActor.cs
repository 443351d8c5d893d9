using Akka.Actor;
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

/// <summary>The fleet's hold, at one node.</summary>
internal sealed class HoldActor : WishActor<HoldState>
{
    private const int MaxTries = 5;

    private readonly HoldTable _table;
    private readonly HoldBoard _board;
    private readonly CoordinatorMetrics _metrics;

    public HoldActor(HoldTable table, HoldBoard board, IActorRef mediator, CoordinatorMetrics metrics)
        : base("the hold", "hold", mediator)
    {
        (_table, _board, _metrics) = (table, board, metrics);
    }

    public static Props Props(HoldTable table, HoldBoard board, IActorRef mediator, CoordinatorMetrics metrics) =>
        Akka.Actor.Props.Create(() => new HoldActor(table, board, mediator, metrics));

    protected override void PreStart()
    {
        _metrics.ShowHold(_board.Current is not null);
        base.PreStart();
    }

    protected override HoldState Read() => _table.Read();

    protected override object ChangeOf(HoldState state) => new HoldChanged(state.Version);

    protected override bool Take(object message)
    {
        switch (message)
        {
            case SetHold set:
                Carry(() => Set(set));
                return true;
            case HoldChanged:
                Look();
                return true;
            default:
                return false;
        }
    }

    protected override void Show(HoldState state)
    {
        bool wasHeld = _board.Current is not null;
        if (_board.Show(state) && (wasHeld || state.Hold is not null))
        {
            Log.Warning(state.Hold?.ToString() ?? "the hold of all migrations has ended");
            _metrics.ShowHold(state.Hold is not null);
            Context.System.EventStream.Publish(HoldShown.Instance);
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

    private static Looked Answer(HoldState now, string refusal, bool changed) => new(now, new HoldAnswer(now.Hold, refusal), changed);
}
