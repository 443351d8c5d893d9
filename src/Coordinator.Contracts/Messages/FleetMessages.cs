namespace Coordinator.Contracts;

/// <summary>Newest figures of one copying.</summary>
public sealed record CopyFigures(int Pass, long RemainingBytes, long TransferredBytes, long TotalBytes, long DirtyPagesPerSec, long ElapsedMs);

/// <summary>One VM and its newest migration on one line of a fleet's list. Texts of the public resource (coordinator.proto); empty where there is nothing to say.</summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="Version">That of the public resource <c>Migration</c>: grows with every change of this VM's entity, and the newest counts.</param>
/// <param name="Node">Address of the node on which the entity lives; empty for what was read from the journal.</param>
/// <param name="Residence">Absent, Starting, Resident or Stopping.</param>
/// <param name="Host">Where the VM resides.</param>
/// <param name="RunState">QMP's word.</param>
/// <param name="MigrationId">Empty if the VM was never migrated, as is all that follows.</param>
/// <param name="Phase">Of the newest migration.</param>
/// <param name="Terminal">It has ended.</param>
/// <param name="SourceHost">Where it came from.</param>
/// <param name="DestinationHost">Where it goes.</param>
/// <param name="Attempt">0 before the first one.</param>
/// <param name="CancelRequested">Somebody wants it back.</param>
/// <param name="Verdict">Ours, not QEMU's.</param>
/// <param name="Reason">Why it ended as it did, or what it waits for; one sentence, cut to <see cref="MaxReason"/>.</param>
/// <param name="RequestedAtUnixMs">0 if not known.</param>
/// <param name="PhaseSinceUnixMs">When it entered its phase, by the journal; 0 if not known.</param>
/// <param name="EndedAtUnixMs">0 before the end.</param>
/// <param name="ChangedAtUnixMs">Of the newest journalled event.</param>
/// <param name="Copy">Null before the first pass.</param>
public sealed record VmSummary(
    string Vm,
    long Version,
    string Node,
    string Residence,
    string Host,
    string RunState,
    string MigrationId,
    string Phase,
    bool Terminal,
    string SourceHost,
    string DestinationHost,
    int Attempt,
    bool CancelRequested,
    string Verdict,
    string Reason,
    long RequestedAtUnixMs,
    long PhaseSinceUnixMs,
    long EndedAtUnixMs,
    long ChangedAtUnixMs,
    CopyFigures? Copy)
{
    /// <summary>Characters. A list needs the beginning; the migration's own page has the whole.</summary>
    public const int MaxReason = 300;
}

/// <summary>
/// What changed of the VMs whose entities live on one node. Numbered, so that a reader notices a lost one and asks for all of them (<see cref="ShowFleet"/>); sent without a summary when there is
/// nothing to say, so that a lost last one is noticed too.
/// </summary>
/// <param name="Node">Its address.</param>
/// <param name="Life">Of the process: a restarted node counts anew.</param>
/// <param name="Number">From 1 on, without a gap.</param>
/// <param name="Summaries">At most some hundred.</param>
public sealed record FleetChanges(string Node, Guid Life, long Number, VmSummary[] Summaries) : IWireMessage;

/// <summary>Have every summary of a node sent again; of every node when <paramref name="Node"/> is empty.</summary>
public sealed record ShowFleet(string Node) : IWireMessage;

/// <summary>Somebody looks at a list on this node: samples of the copying are wanted too, for the next seconds. Repeated while it is so.</summary>
public sealed record LookAtFleet(string Node) : IWireMessage;

/// <summary>One thing that a node needs in order to serve.</summary>
/// <param name="Name">journal, cluster, region, hold ...</param>
/// <param name="Good">It is there.</param>
/// <param name="Detail">Why not, or what was found; a sentence.</param>
/// <param name="TookMs">What asking took.</param>
public sealed record NodeCheck(string Name, bool Good, string Detail, long TookMs);

/// <summary>How one node is, sent to all of them every few seconds.</summary>
/// <param name="Node">Its address.</param>
/// <param name="Version">Of the program.</param>
/// <param name="StartedAtUnixMs">By its clock.</param>
/// <param name="Dashboard">Where its pages are; empty for nowhere.</param>
/// <param name="Shards">That live on it; -1 when its region did not answer.</param>
/// <param name="Entities">In these shards; -1 as above.</param>
/// <param name="Agents">Whose streams it holds.</param>
/// <param name="Checks">Newest results.</param>
public sealed record NodeShown(string Node, string Version, long StartedAtUnixMs, string Dashboard, int Shards, int Entities, int Agents, NodeCheck[] Checks) : IWireMessage;

/// <summary>What one node sees of the others and carries for them, told every few seconds. Beside <see cref="NodeShown"/> and on a topic of its own: nodes of older builds, which cannot read it, are not sent it.</summary>
/// <param name="Node">Its address.</param>
/// <param name="Silent">Addresses of members whose heartbeats it misses itself; what others told it of does not count.</param>
/// <param name="Singletons">Names of those that run on it.</param>
public sealed record NodeSight(string Node, string[] Silent, string[] Singletons) : IWireMessage;
