namespace Coordinator.Domain.Handoff;

public enum ReplyKind
{
    /// <summary>Done, or durably taken on; a repetition gets the same answer.</summary>
    Accepted,

    /// <summary>Nothing was changed and a repetition will be refused too.</summary>
    Rejected,

    /// <summary>Nothing was changed; the side has not been observed since the last restart, so the command must be repeated ("not yet observed" is not "gone").</summary>
    NotYet,
}

/// <summary>Answer of an agent to a coordinator's command. <paramref name="Reason"/> is empty when accepted, else a sentence for people.</summary>
public readonly record struct CommandReply(ReplyKind Kind, string Reason)
{
    public static readonly CommandReply Accepted = new(ReplyKind.Accepted, "");

    public static CommandReply Rejected(string reason) => new(ReplyKind.Rejected, reason);

    public static CommandReply NotYet(string reason) => new(ReplyKind.NotYet, reason);
}

/// <summary>What a participant makes of an input: the answer, and what has happened. Durable events are on disk before the answer leaves or an effect is performed.</summary>
public sealed record Decision<TReply, TEvent>(TReply Reply, EquatableList<TEvent> Events);
