using Coordinator.Actors.Fencing;
using Coordinator.Actors.Fleet;
using Coordinator.Contracts;

namespace Coordinator.Actors.Tests.Fleet;

/// <summary>Found by rounds of cluster chaos: a node that was cut from the database alone kept its VMs, and nobody drove them.</summary>
public sealed class JournalLossTests
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 30, 2, 0, 0, TimeSpan.Zero);

    private static readonly NodeCheck s_there = new(ClusterBoard.JournalCheck, true, "newest event 7", 1);
    private static readonly NodeCheck s_lost = new(ClusterBoard.JournalCheck, false, "no answer within 2 s", 2_000);

    private readonly JournalLoss _loss = new();

    [Fact]
    public void OnlyThisNodeHasLostIt_GoesAfterTheLimitAndSaysWhoIsLeft()
    {
        Assert.Null(Judge(0, s_lost, Peer(0, s_there)));
        Assert.Null(Judge(10, s_lost, Peer(9, s_there)));

        Assert.Equal("this node has not reached the journal for 12 s (no answer within 2 s), and 10.0.0.2:4060 does", Judge(12, s_lost, Peer(11, s_there)));
    }

    [Fact]
    public void EverybodyHasLostIt_AllStay()
    {
        Judge(0, s_lost, Peer(0, s_there));

        Assert.Null(Judge(60, s_lost, Peer(59, s_lost)));
    }

    /// <summary>Of an outage that both share the peer may not have known when it spoke last.</summary>
    [Fact]
    public void PeersWordFromBeforeTheLossOrJustAfter_CountsForNothing()
    {
        Judge(0, s_lost, Peer(0, s_there));

        Assert.Null(Judge(12, s_lost, Peer(8, s_there)));
    }

    [Fact]
    public void ItCameBackInBetween_IsCountedAnew()
    {
        Judge(0, s_lost, Peer(0, s_there));
        Judge(8, s_there, Peer(8, s_there));

        Assert.Null(Judge(13, s_lost, Peer(13, s_there)));
        Assert.Null(Judge(24, s_lost, Peer(24, s_there)));
        Assert.NotNull(Judge(25, s_lost, Peer(24, s_there)));
    }

    [Fact]
    public void PeerThatIsNoFullMember_IsNobodyToLeaveThingsTo()
    {
        Judge(0, s_lost, Peer(0, s_there));

        Assert.Null(Judge(20, s_lost, Peer(19, s_there) with { Reachable = false }));
        Assert.Null(Judge(20, s_lost, Peer(19, s_there) with { Status = "Leaving" }));
        Assert.Null(Judge(20, s_lost, Peer(19, s_there) with { Shown = null }));
        Assert.Null(Judge(20, s_lost));
    }

    private static MemberPicture Peer(int toldAfterSeconds, NodeCheck journal) => new(
        "akka.tcp://coordinator@10.0.0.2:4060", "Up", Reachable: true, ["coordinator"], IsLeader: false, IsOldest: false, IsSelf: false,
        new NodeShown("akka.tcp://coordinator@10.0.0.2:4060", "0.1.0", 0, "", 30, 100, 2, [journal]), s_start.AddSeconds(toldAfterSeconds), GoneAt: null);

    private string? Judge(int afterSeconds, NodeCheck own, params MemberPicture[] members) => _loss.Judge(new ClusterPicture(1, "", members), [own], s_start.AddSeconds(afterSeconds));
}
