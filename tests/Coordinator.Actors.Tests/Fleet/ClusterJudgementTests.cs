using Coordinator.Actors.Fleet;
using Coordinator.Contracts;

namespace Coordinator.Actors.Tests.Fleet;

public sealed class ClusterJudgementTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 4, 5, 6, TimeSpan.Zero);

    [Fact]
    public void ThreeNodesThatTellAndCarryEverything_AreWell()
    {
        ClusterJudgement judged = Of(Node(1), Node(2), Node(3));

        Assert.Empty(judged.Findings);
        Assert.Empty(judged.Notes);
    }

    [Fact]
    public void UnreachableNode_IsNamedWithWhoMissesItAndWhoDoesNot()
    {
        MemberPicture missed = Node(2) with { Reachable = false, SilentTo = [Address(1)] };

        Assert.Equal(["10.0.0.2:4060 is unreachable: silent to 10.0.0.1:4060, heard by 10.0.0.3:4060; while it is, no node can join or leave"], Of(Node(1), missed, Node(3)).Findings);
    }

    [Fact]
    public void UnreachableNode_IsNotSaidToMissSingletons() =>
        Assert.Single(Of(Node(1) with { Reachable = false, IsSelf = false }, Node(2) with { IsSelf = true, SilentTo = [] }).Findings);

    [Fact]
    public void NodeThatSomebodyMisses_IsNamedBeforeTheClusterCallsItUnreachable() =>
        Assert.Equal(["10.0.0.2:4060 is silent to 10.0.0.1:4060"], Of(Node(1), Node(2) with { SilentTo = [Address(1)] }).Findings);

    [Fact]
    public void NodeOnItsWay_IsNotWell() => Assert.Equal(["10.0.0.2:4060 is Leaving"], Of(Node(1), Node(2) with { Status = "Leaving" }).Findings);

    [Fact]
    public void NodeThatFellSilentOrNeverTold_IsNamed()
    {
        ClusterJudgement judged = Of(Node(1), Node(2) with { ShownAt = s_now - TimeSpan.FromSeconds(40) }, Node(3) with { Shown = null, ShownAt = null, Sight = null });

        Assert.Equal(["10.0.0.2:4060 has not told how it is for 40 s", "10.0.0.3:4060 has not told how it is"], judged.Findings);
    }

    [Fact]
    public void NodeWhoseNeedsAreMissing_IsQuoted()
    {
        MemberPicture broken = Node(2) with { Shown = Shown(2) with { Shards = -1, Checks = [new NodeCheck("journal", false, "no answer within 2 s", 2_000), new NodeCheck("hold", true, "version 1", 2)] } };

        Assert.Equal(["10.0.0.2:4060 cannot count its shards", "10.0.0.2:4060 says of journal: no answer within 2 s"], Of(Node(1), broken).Findings);
    }

    [Fact]
    public void Singleton_ThatRunsNowhereOrTwice_IsNamed()
    {
        MemberPicture first = Node(1) with { Sight = new NodeSight(Address(1), [], ["drains", "projection", "shards", "sweeper"]) };
        MemberPicture second = Node(2) with { Sight = new NodeSight(Address(2), [], ["shards"]) };

        Assert.Equal(["admission runs nowhere", "shards runs on 10.0.0.1:4060, 10.0.0.2:4060 at once"], Of(first, second).Findings);
    }

    [Fact]
    public void NodeOfAnOlderBuild_MayCarryWhatItDoesNotTell() => Assert.Empty(Of(Node(2) with { IsSelf = true }, Node(1) with { IsSelf = false, Sight = null }).Findings);

    [Fact]
    public void GoneNode_IsANoteIfItLeftAndAFindingIfItWasPutOut()
    {
        MemberPicture left = Node(3) with { Status = "Removed", GoneAt = s_now - TimeSpan.FromSeconds(20) };
        MemberPicture putOut = Node(4) with { Status = "Removed", GoneAt = s_now - TimeSpan.FromMinutes(4), WasPutOut = true };

        ClusterJudgement judged = Of(Node(1), Node(2), left, putOut);

        Assert.Equal(["10.0.0.4:4060 was put out 4 min ago and has not come back"], judged.Findings);
        Assert.Equal(["10.0.0.3:4060 left 20 s ago"], judged.Notes);
    }

    [Fact]
    public void TwoVersions_AreANote()
    {
        ClusterJudgement judged = Of(Node(1), Node(2) with { AppVersion = "0.2.0" }, Node(3));

        Assert.Empty(judged.Findings);
        Assert.Equal(["versions differ, as in a rolling upgrade: 0.1.0 on 10.0.0.1:4060, 10.0.0.3:4060; 0.2.0 on 10.0.0.2:4060"], judged.Notes);
    }

    [Fact]
    public void NodeThatIsInNoCluster_SaysSo() => Assert.Equal(["the node that answers is no member of a cluster yet"], ClusterJudgement.Of(ClusterPicture.Empty, s_now).Findings);

    private static ClusterJudgement Of(params MemberPicture[] members) => ClusterJudgement.Of(new ClusterPicture(1, Address(1), members), s_now);

    /// <summary>The first one answers and carries the singletons.</summary>
    private static MemberPicture Node(int number) => new(
        Address(number), "Up", Reachable: true, ["coordinator"], IsLeader: number == 1, IsOldest: number == 1, IsSelf: number == 1, Shown(number), s_now - TimeSpan.FromSeconds(1), GoneAt: null)
    {
        Uid = number,
        AppVersion = "0.1.0",
        Sight = new NodeSight(Address(number), [], number == 1 ? [.. CoordinatorSingletons.Needed] : []),
    };

    private static NodeShown Shown(int number) => new(Address(number), "0.1.0", 0, "", 30, 100, 2, [new NodeCheck("journal", true, "newest event 7", 1)]);

    private static string Address(int number) => $"akka.tcp://coordinator@10.0.0.{number}:4060";
}
