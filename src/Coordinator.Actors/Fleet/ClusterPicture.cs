using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>One node as this one sees it.</summary>
/// <param name="Address">Of the node.</param>
/// <param name="Status">Joining, WeaklyUp, Up, Leaving, Exiting, Down; Removed for one that has gone.</param>
/// <param name="Reachable">False once its heartbeats are missed.</param>
/// <param name="Roles">In the cluster.</param>
/// <param name="IsLeader">Carries out joining and leaving.</param>
/// <param name="IsOldest">The singletons run there, the shards' coordinator among them.</param>
/// <param name="IsSelf">The one that shows this.</param>
/// <param name="Shown">What it last said of itself; null if it never did.</param>
/// <param name="ShownAt">When that arrived, by this node's clock.</param>
/// <param name="GoneAt">When it was removed; null while it is a member.</param>
public sealed record MemberPicture(
    string Address,
    string Status,
    bool Reachable,
    IReadOnlyList<string> Roles,
    bool IsLeader,
    bool IsOldest,
    bool IsSelf,
    NodeShown? Shown,
    DateTimeOffset? ShownAt,
    DateTimeOffset? GoneAt)
{
    /// <summary>Of this life of the node: the next one on the same address has another.</summary>
    public long Uid { get; init; }

    /// <summary>Of the program, as it joined with it.</summary>
    public string AppVersion { get; init; } = "";

    /// <summary>It was put out by the others, or by itself, and did not leave in good order.</summary>
    public bool WasPutOut { get; init; }

    /// <summary>What it sees and carries; null for one that has not told, or is of a build that does not tell.</summary>
    public NodeSight? Sight { get; init; }

    /// <summary>Members whose own heartbeats to it go unanswered, as they tell.</summary>
    public IReadOnlyList<string> SilentTo { get; init; } = [];

    /// <summary>Akka's name of a node is akka.tcp://SYSTEM@HOST:PORT; the address is what tells nodes apart.</summary>
    public string HostPort => Address[(Address.LastIndexOf('@') + 1)..];
}

/// <summary>The cluster at one moment, as this node sees it.</summary>
public sealed record ClusterPicture(long Version, string Self, IReadOnlyList<MemberPicture> Members)
{
    public static readonly ClusterPicture Empty = new(0, "", []);
}
