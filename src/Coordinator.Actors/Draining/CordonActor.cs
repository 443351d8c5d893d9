using Akka.Actor;
using Coordinator.Actors.Holding;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Draining;

/// <summary>Cordon a host or end that; answered with <see cref="CordonAnswer"/> once it is in the database.</summary>
/// <param name="Request">A repetition changes nothing, even if others have changed it since.</param>
/// <param name="Host">Which.</param>
/// <param name="Cordoned">On or off.</param>
/// <param name="Word">Who and why.</param>
public sealed record SetCordon(RequestId Request, HostName Host, bool Cordoned, SignedWord Word) : INoSerializationVerificationNeeded;

/// <param name="Cordon">As it is now; null for none.</param>
/// <param name="Refusal">Why the request was not carried out, or no longer holds; empty otherwise.</param>
public sealed record CordonAnswer(HostCordon? Cordon, string Refusal) : INoSerializationVerificationNeeded;

/// <summary>Said to this node's entities, on its event stream, after the board has changed.</summary>
internal sealed class CordonsShown : INoSerializationVerificationNeeded
{
    internal static readonly CordonsShown Instance = new();
}

/// <summary>The cordons, at one node.</summary>
internal sealed class CordonActor : WishActor<CordonState>
{
    internal const string Topic = "cordons";

    private const int MaxTries = 5;

    private readonly CordonTable _table;
    private readonly DrainTable _drains;
    private readonly CordonBoard _board;

    public CordonActor(CordonTable table, DrainTable drains, CordonBoard board, IActorRef mediator)
        : base("the cordons of hosts", Topic, mediator)
    {
        (_table, _drains, _board) = (table, drains, board);
    }

    public static Props Props(CordonTable table, DrainTable drains, CordonBoard board, IActorRef mediator) => Akka.Actor.Props.Create(() => new CordonActor(table, drains, board, mediator));

    protected override CordonState Read() => _table.Read();

    protected override object ChangeOf(CordonState state) => new CordonsChanged(state.Version);

    protected override bool Take(object message)
    {
        switch (message)
        {
            case SetCordon set:
                Carry(() => Set(set));
                return true;
            case CordonsChanged:
                Look();
                return true;
            default:
                return false;
        }
    }

    protected override void Show(CordonState state)
    {
        if (_board.Show(state))
        {
            Context.System.EventStream.Publish(CordonsShown.Instance);
        }
    }

    private Looked Set(SetCordon set)
    {
        if (!set.Cordoned && _drains.Open().FirstOrDefault(d => d.Job.Host == set.Host) is { } drain)
        {
            return Answer(set, $"{drain.Asked}; end that first with 'coordctl host drain {set.Host} --cancel'");
        }

        for (int tries = 1; tries <= MaxTries; tries++)
        {
            bool changed = _table.TrySet(set.Request, set.Host, set.Cordoned, set.Word);
            if (_table.Made(set.Request) is { } made)
            {
                return Answer(set, Misfit(set, made)) with { HasChanged = changed };
            }
        }

        return Answer(set, "others change cordons at this moment; ask again");
    }

    /// <summary>Of a repeated request, or of an id that was used for something else.</summary>
    private string Misfit(SetCordon set, (HostName Host, bool Cordoned) made)
    {
        if (made != (set.Host, set.Cordoned))
        {
            return $"request {set.Request} has {(made.Cordoned ? "cordoned" : "uncordoned")} {made.Host}; a new request needs a new id";
        }

        HostCordon? now = _table.Read().Cordons.GetValueOrDefault(set.Host);
        return now is not null == set.Cordoned ? ""
            : now is { } newer ? $"this request was carried out, and since then {newer}"
            : $"this request was carried out, and since then the cordon of {set.Host} has been ended";
    }

    private Looked Answer(SetCordon set, string refusal)
    {
        CordonState now = _table.Read();
        return new Looked(now, new CordonAnswer(now.Cordons.GetValueOrDefault(set.Host), refusal), HasChanged: false);
    }
}
