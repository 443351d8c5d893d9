using Akka.Actor;
using Akka.Cluster;

namespace Coordinator.ClusterProbe;

/// <summary>Says what this node sees of the others, with times.</summary>
sealed class ClusterWitness : ReceiveActor
{
    private readonly Cluster cluster = Cluster.Get(Context.System);

    public ClusterWitness()
    {
        Receive<ClusterEvent.MemberJoined>(e => Say("joining", e.Member));
        Receive<ClusterEvent.MemberUp>(e => Say("up", e.Member));
        Receive<ClusterEvent.UnreachableMember>(e => Say("unreachable", e.Member));
        Receive<ClusterEvent.ReachableMember>(e => Say("reachable", e.Member));
        Receive<ClusterEvent.MemberDowned>(e => Say("downed", e.Member));
        Receive<ClusterEvent.MemberRemoved>(e => Say("removed", e.Member));
        ReceiveAny(_ => { });
    }

    protected override void PreStart() => cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
        typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));

    private static void Say(string what, Member member) => ProbeOutput.Say($"{what} {member.Address.Port} {ProbeOutput.NowMs}");
}
