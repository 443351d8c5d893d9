using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Simulation;

/// <summary>What has been, of one VM: the watch needs no agent to remember it.</summary>
internal sealed class Past
{
    public Dictionary<AgentNode, Epoch> Floors { get; } = [];

    /// <summary>Greatest attempt that each agent has ever durably promised not to start.</summary>
    public Dictionary<AgentNode, AttemptNo> Tombstones { get; } = [];

    /// <summary>Attempts whose register ever said <c>run</c>, durably.</summary>
    public HashSet<AttemptNo> Runs { get; } = [];

    /// <summary>In which life of its agent the register of an attempt said <c>run</c>.</summary>
    public Dictionary<AttemptNo, int> RunInLife { get; } = [];

    /// <summary>Attempts whose copy was sent a <c>cont</c> by its agent.</summary>
    public HashSet<AttemptNo> ContSent { get; } = [];

    /// <summary>Attempts whose copy a person's recorded word let run, whatever its rings.</summary>
    public HashSet<AttemptNo> RunByWord { get; } = [];

    public HashSet<AttemptNo> Running { get; } = [];

    public HashSet<AttemptNo> Released { get; } = [];

    public HashSet<AttemptNo> Migrated { get; } = [];

    public HashSet<AttemptNo> Authorized { get; } = [];

    public HashSet<AttemptNo> Alerts { get; } = [];

    /// <summary>Greatest attempt recorded as over with the guest at the source, or lost.</summary>
    public AttemptNo Ended { get; set; }

    public Dictionary<RequestId, Guid> Acknowledged { get; } = [];

    /// <summary>Answers to accepted cancels, by migration.</summary>
    public Dictionary<Guid, VmReply> Cancels { get; } = [];

    /// <summary>Migrations whose end a client has asked for.</summary>
    public HashSet<Guid> CancelsAsked { get; } = [];

    public Dictionary<Guid, MigrationPhase> Results { get; } = [];

    /// <summary>When the guest that runs nowhere now last ran.</summary>
    public long? LastRanMicros { get; set; }

    public long LongestBlackoutMicros { get; set; }

    public long? StillSinceMicros { get; set; }

    public long? DoubledSinceMicros { get; set; }
}
