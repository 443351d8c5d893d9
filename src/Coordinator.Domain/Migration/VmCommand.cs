using Coordinator.Domain.Draining;
using Coordinator.Domain.Policies;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Domain.Migration;

/// <summary>What is asked of a VM's entity, by clients, agents and its own timers.</summary>
public abstract record VmCommand
{
    /// <summary>First command of every life of the entity. <paramref name="GreatestFloor"/> is the greatest epoch that any agent has answered with.</summary>
    public sealed record Claim(IncarnationId Incarnation, Epoch GreatestFloor) : VmCommand;

    public sealed record StartVm(RequestId Request, HostName Host, bool HostIsKnown, LaunchId Launch, string DefinitionYaml) : VmCommand
    {
        /// <summary>Of the host; null if it takes guests.</summary>
        public HostCordon? Cordon { get; init; }
    }

    public sealed record StopVm(RequestId Request) : VmCommand;

    /// <summary>The agent says that the ordered launch cannot happen; nothing runs.</summary>
    public sealed record LaunchRefused(LaunchId Launch, string Reason) : VmCommand;

    public sealed record Migrate(RequestId Request, Guid Id, HostName Destination, bool DestinationIsKnown, MigrationPolicy Policy) : VmCommand
    {
        /// <summary>Of the destination; null if it takes guests.</summary>
        public HostCordon? Cordon { get; init; }
    }

    /// <summary>Of the migration that was meant: a cancel may arrive, or be repeated, when another one has been asked for. Null is the newest.</summary>
    public sealed record Cancel(RequestId Request, Guid? Migration = null) : VmCommand;

    /// <summary>The destination, or the comparison of both sides, refuses the attempt before the guest was touched.</summary>
    public sealed record RefusePreparation(AttemptNo Attempt, string Reason) : VmCommand;

    public sealed record NoteRehearsal(AttemptNo Attempt, Rehearsal Measured) : VmCommand;

    public sealed record NoteIteration(AttemptNo Attempt, CopyProgress Progress) : VmCommand;

    public sealed record NoteBlackout(AttemptNo Attempt, Blackout Blackout) : VmCommand;

    public sealed record NoteJudgements(AttemptNo Attempt, EquatableList<VirtqueueJudgement> Judgements) : VmCommand
    {
        public EquatableList<QueueActivity> Activities { get; init; } = [];
    }

    /// <summary>The source agent rejects the start for good; its report alone would not end the attempt before the deadline of the copying.</summary>
    public sealed record RefuseStart(AttemptNo Attempt, string Reason) : VmCommand;

    /// <summary>
    /// A host of this migration is off, and every process on it dead: said by the fencing hook, or by a person who looked. <paramref name="Connected"/>: its agent answers at
    /// this moment, which contradicts it. Said about one attempt: the host may be mended before a repetition of the request arrives.
    /// </summary>
    public sealed record ProveHostOff(RequestId Request, AttemptNo Attempt, HostName Host, bool Connected, SignedWord Word) : VmCommand;

    /// <summary>A person's word on the doubt of one attempt; never taken for the doubt of another, which that person has not looked at.</summary>
    public sealed record Resolve(RequestId Request, AttemptNo Attempt, DoubtResolution Resolution) : VmCommand;

    /// <summary>The agent that was to carry the word out answers that it is no longer possible.</summary>
    public sealed record RefuseResolution(AttemptNo Attempt, string Reason) : VmCommand;

    public sealed record DeadlinePassed(MigrationPhase Phase, AttemptNo Attempt) : VmCommand;
}

public enum VmReplyKind
{
    Accepted,

    /// <summary>No such VM, migration or host.</summary>
    NotFound,

    /// <summary>The VM's present state does not allow it.</summary>
    FailedPrecondition,
}

/// <summary>Answer to a client; sent only after the events it stands for are journalled.</summary>
public sealed record VmReply(VmReplyKind Kind, string Message, Guid? Migration = null)
{
    public static readonly VmReply Done = new(VmReplyKind.Accepted, "");
}
