namespace Coordinator.Domain.Migration;

/// <summary>
/// What must be outstanding now: the only source of outgoing work, on the normal path and after recovery alike. Each is repeated until the facts no
/// longer ask for it.
/// </summary>
public abstract record VmEffect
{
    /// <summary>Raise this host's floor to the own epoch and get a report read after it.</summary>
    public sealed record Fence(HostName Host) : VmEffect;

    public sealed record LaunchVm(HostName Host, LaunchId Launch, string DefinitionYaml) : VmEffect;

    public sealed record EndVm(HostName Host, LaunchId Launch) : VmEffect;

    public sealed record PrepareDestination(HostName Host, AttemptNo Attempt, LaunchId Launch) : VmEffect;

    public sealed record Rehearse(HostName Source, HostName Destination, AttemptNo Attempt) : VmEffect;

    public sealed record StartAttempt(HostName Source, AttemptNo Attempt, StoreInstanceId DestinationStore) : VmEffect;

    /// <summary>Goes to the source agent only: a cancel at the destination could end the last copy.</summary>
    public sealed record CancelAttempt(HostName Source, AttemptNo Attempt) : VmEffect;

    public sealed record CleanUpDestination(HostName Host, AttemptNo Attempt) : VmEffect;

    /// <summary>The source is proven dead and has recorded nothing as completed: a destination to which no stream has come will get none, and is refused by its agent. One that has begun to load ends by itself.</summary>
    public sealed record AbandonDestination(HostName Host, AttemptNo Attempt) : VmEffect;

    public sealed record EndSource(HostName Host, AttemptNo Attempt, LaunchId Launch) : VmEffect;

    /// <summary>A person's word to the source's agent: its stopped copy goes on.</summary>
    public sealed record KeepSourceByWord(HostName Host, AttemptNo Attempt, LaunchId Launch) : VmEffect;

    /// <summary>A person's word to the source's agent: its stopped copy is given up.</summary>
    public sealed record GiveUpSource(HostName Host, AttemptNo Attempt, LaunchId Launch) : VmEffect;

    /// <summary>A person's word to the destination's agent: its loaded copy goes on without the source's release.</summary>
    public sealed record RunDestinationByWord(HostName Host, AttemptNo Attempt, LaunchId Launch) : VmEffect;

    /// <summary>The source agent's own word, from its record on a host that is off, carried unchanged to the destination's register.</summary>
    public sealed record CarryRelease(HostName Host, ReleaseRecord Record) : VmEffect;

    /// <summary>End what is left of an attempt on a host whose side a person's word has given up; the agent decides whether it was its source or its destination.</summary>
    public sealed record EndOverruled(HostName Host, AttemptNo Attempt, LaunchId Launch) : VmEffect;

    /// <summary>Have the virtqueue actors judge their rings from both sides' records.</summary>
    public sealed record JudgeQueues(AttemptNo Attempt) : VmEffect;

    /// <summary>A duration on a monotonic clock from when it is first asked for; a liveness aid, never a safety argument.</summary>
    public sealed record ArmDeadline(MigrationPhase Phase, AttemptNo Attempt, bool TimedOut, int DurationMs) : VmEffect;

    public sealed record RaiseAlert(AttemptNo Attempt) : VmEffect;
}
