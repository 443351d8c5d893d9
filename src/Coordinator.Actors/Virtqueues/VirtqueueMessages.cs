using Akka.Actor;
using Coordinator.Domain;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Actors.Virtqueues;

/// <summary>What the VM's entity tells the actor of one virtqueue. Parent and child live in one process; none of this ever leaves it.</summary>
internal abstract record QueueCommand : INoSerializationVerificationNeeded
{
    /// <summary>New records will come; the readiness is asked anew.</summary>
    internal sealed record BeginAttempt(AttemptNo Attempt) : QueueCommand;

    internal sealed record Compare(AttemptNo Attempt, QueueConfiguration? Source, QueueConfiguration? Destination) : QueueCommand;

    internal sealed record Observe(VirtqueueObservation Observation) : QueueCommand;

    internal sealed record Judge(AttemptNo Attempt) : QueueCommand;
}

/// <summary>What the actor of one virtqueue says to the VM's entity.</summary>
internal abstract record QueueWord(VirtqueueId Id) : INoSerializationVerificationNeeded
{
    /// <summary>A new life that knows nothing: everything known of this queue is sent to it again.</summary>
    internal sealed record Awake(VirtqueueId Id) : QueueWord(Id);

    internal sealed record ReadinessTold(VirtqueueId Id, AttemptNo Attempt, QueueReadiness Readiness) : QueueWord(Id);

    internal sealed record Progressed(VirtqueueId Id, VirtqueueTrack Track) : QueueWord(Id);

    internal sealed record Judged(VirtqueueId Id, AttemptNo Attempt, VirtqueueJudgement Judgement, QueueActivity Activity) : QueueWord(Id);
}
