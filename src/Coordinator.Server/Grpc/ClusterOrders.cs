using Akka.Actor;
using Akka.Cluster;
using Coordinator.Actors.Fencing;
using Coordinator.Actors.Fleet;
using Coordinator.Domain.Migration;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Coordinator.Server.Grpc;

/// <summary>
/// A person's word on one node of the cluster, said to the membership itself. What is refused here is what would cost more than the person may know; whether a node that was put out is really dead does
/// not matter to the guests: the journal and the agents refuse what it still tries.
/// </summary>
internal sealed class ClusterOrders(ActorSystem system, ClusterBoard board, TimeProvider clock, ILoggerFactory loggers)
{
    private readonly ILogger _log = loggers.CreateLogger("Coordinator.Cluster");

    internal (ClusterPicture Picture, ClusterJudgement Judgement, string Downing) Look()
    {
        ClusterPicture picture = board.Picture;
        return (picture, ClusterJudgement.Of(picture, clock.GetUtcNow()), DowningWords.Of(system.Settings.Config));
    }

    /// <exception cref="RpcException">NOT_FOUND: no such member; FAILED_PRECONDITION: it could hand over nothing, or to nobody.</exception>
    internal void Leave(string node, long uid, bool evenIfLast, SignedWord word)
    {
        Cluster cluster = Cluster.Get(system);
        ClusterEvent.CurrentClusterState state = cluster.State;
        Member member = Find(state, node, uid);
        string name = NodeName.Of(member.Address);
        if (member.Status is MemberStatus.Leaving or MemberStatus.Exiting or MemberStatus.Down or MemberStatus.Removed)
        {
            return;
        }

        if (state.Unreachable.Contains(member))
        {
            throw Refused($"{name} is unreachable and can hand over nothing. {Downing}. If you know that it is dead and do not want to wait: coordctl cluster down {name}");
        }

        if (!evenIfLast && !state.Members.Any(m => !m.Equals(member) && CanTakeOver(m, state)))
        {
            throw Refused($"{name} has no other member to hand over to: with it every migration stands still where it is until a node is started. Start another one first, or say --even-if-last");
        }

        Say($"{word.By} has {name} leave the cluster: {word.Proof}");
        cluster.Leave(member.Address);
    }

    /// <exception cref="RpcException">NOT_FOUND: no such member; FAILED_PRECONDITION: it lives, or this side is the smaller one.</exception>
    internal void Down(string node, long uid, bool force, SignedWord word)
    {
        Cluster cluster = Cluster.Get(system);
        ClusterEvent.CurrentClusterState state = cluster.State;
        Member member = Find(state, node, uid);
        string name = NodeName.Of(member.Address);
        if (member.Status is MemberStatus.Down or MemberStatus.Removed)
        {
            return;
        }

        bool isReachable = !state.Unreachable.Contains(member);
        if (isReachable && !force)
        {
            throw Refused($"{name} is reachable: have it leave, which hands over what it holds (coordctl cluster leave {name}). --force puts it out in the middle of its work");
        }

        int seen = state.Members.Count - state.Unreachable.Count;
        if (!force && 2 * seen < state.Members.Count)
        {
            throw Refused($"{NodeName.Of(cluster.SelfAddress)} sees {seen} of {state.Members.Count} members, so the others may be alive and decide against it. {Downing}. Ask a node of the greater side; "
                + "never put out both sides. --force if every node that is not seen here is known to be dead");
        }

        if (!state.Members.Any(m => !m.Equals(member)))
        {
            throw Refused($"{name} is the only member: nobody is left to put it out. To end it: coordctl cluster leave {name} --even-if-last");
        }

        Say($"{word.By} puts {name} out of the cluster{(isReachable ? " by force, though it is reachable" : "")}: {word.Proof}");
        cluster.Down(member.Address);
    }

    private string Downing => DowningWords.Of(system.Settings.Config) is var words ? char.ToUpperInvariant(words[0]) + words[1..] : "";

    private static bool CanTakeOver(Member member, ClusterEvent.CurrentClusterState state) => member.Status is MemberStatus.Up or MemberStatus.WeaklyUp && !state.Unreachable.Contains(member);

    private static Member Find(ClusterEvent.CurrentClusterState state, string node, long uid)
    {
        Member? found = state.Members.FirstOrDefault(m => NodeName.Means(node, m.Address));
        if (found is null)
        {
            throw new RpcException(new Status(StatusCode.NotFound, $"'{node}' is no member of the cluster; members are {string.Join(", ", state.Members.Select(m => NodeName.Of(m.Address)))}"));
        }

        return uid == 0 || found.UniqueAddress.Uid == uid
            ? found
            : throw new RpcException(new Status(StatusCode.NotFound, $"the process at {NodeName.Of(found.Address)} that was meant is gone, and another one has taken its place"));
    }

    /// <summary>For audit: it stands in the log of the node that was asked.</summary>
    private void Say(string sentence) => _log.LogWarning("{Order}", sentence);

    private static RpcException Refused(string sentence) => new(new Status(StatusCode.FailedPrecondition, sentence));
}

/// <summary>How people name a node.</summary>
internal static class NodeName
{
    internal static string Of(Address address) => $"{address.Host}:{address.Port}";

    /// <summary>The whole address, or HOST:PORT of it. Host names have no case.</summary>
    internal static bool Means(string text, Address address) =>
        string.Equals(text, Of(address), StringComparison.OrdinalIgnoreCase) || string.Equals(text, address.ToString(), StringComparison.OrdinalIgnoreCase);
}
