using Coordinator.Actors.Discovery;
using Coordinator.Actors.Platform;

namespace Coordinator.Actors.Tests.Discovery;

public sealed class ClusterJoinPlanTests
{
    private const string Self = "10.0.0.1:4060";
    private const string Other = "10.0.0.2:4060";
    private const string Third = "10.0.0.3:4060";

    private readonly ClusterJoinPlan plan = new(Self, new DiscoverySettings(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3)));

    [Fact]
    public void Nobody_IsThere_FoundsAtOnce() => Assert.Equal(new JoinStep.Found(4), Next(0, 4, []));

    [Fact]
    public void OthersThatAreNoMembers_DoNotStandInTheWay() =>
        Assert.Equal(new JoinStep.Found(4), Next(0, 4, [Starting(Other), Starting(Third)], Other, Third, Self));

    [Fact]
    public void MemberSeenLately_IsAskedForEver()
    {
        Assert.Equal([Other], Asked(Next(0, 4, [Member(Other, silentMs: 9_000), Starting(Third)])));
        Assert.Equal([Other], Asked(Next(100, 4, [Member(Other, silentMs: 9_000), Starting(Third)])));
    }

    [Fact]
    public void MembersOfTwoFoundings_OnlyTheNewerAreAsked() =>
        Assert.Equal([Third], Asked(Next(0, 5, [Member(Other, silentMs: 0, generation: 4), Member(Third, silentMs: 0, generation: 5)])));

    [Fact]
    public void SilentMember_IsAskedUntilThisNodeHasWatchedItsSilence()
    {
        Assert.Equal([Other], Asked(Next(0, 4, [Member(Other, silentMs: 3_600_000)])));
        Assert.Equal([Other], Asked(Next(9.9, 4, [Member(Other, silentMs: 3_609_900)])));
        Assert.Equal(new JoinStep.Found(4), Next(10, 4, [Member(Other, silentMs: 3_610_000)]));
    }

    /// <summary>After an outage of the database every row is old, and the living refresh theirs within a second.</summary>
    [Fact]
    public void SilentMemberThatIsSeenAgain_IsWatchedAnew()
    {
        Next(0, 4, [Member(Other, silentMs: 20_000)]);
        Asked(Next(9, 4, [Member(Other, silentMs: 100)]));
        Asked(Next(11, 4, [Member(Other, silentMs: 10_001)]));
        Asked(Next(20.9, 4, [Member(Other, silentMs: 20_000)]));
        Assert.Equal(new JoinStep.Found(4), Next(21, 4, [Member(Other, silentMs: 20_100)]));
    }

    [Fact]
    public void MemberOfAnOlderFounding_IsNotWaitedFor() => Assert.Equal(new JoinStep.Found(5), Next(0, 5, [Member(Other, silentMs: 20_000, generation: 4)]));

    [Fact]
    public void ContactWithoutARow_IsAskedForAWhile()
    {
        Assert.Equal([Third], Asked(Next(0, 4, [Starting(Other)], Self, Other, Third)));
        Assert.Equal([Third], Asked(Next(2.9, 4, [Starting(Other)], Self, Other, Third)));
        Assert.Equal(new JoinStep.Found(4), Next(3, 4, [Starting(Other)], Self, Other, Third));
    }

    [Fact]
    public void OwnOldRow_IsNoOther() => Assert.Equal(new JoinStep.Found(4), Next(0, 4, [Member(Self, silentMs: 0)]));

    [Theory]
    [InlineData("coordinator.discovery.silent-after = 5s")]
    [InlineData("coordinator.discovery.refresh-interval = 4s")]
    public void Times_ThatContradictEachOther_AreRefused(string change)
    {
        var config = Akka.Configuration.ConfigurationFactory.ParseString(change).WithFallback(CoordinatorConfig.Load());
        Assert.Throws<Akka.Configuration.ConfigurationException>(() => DiscoverySettings.Of(config));
    }

    private static RosterNode Member(string address, long silentMs, long generation = 4) => new(address, "i", silentMs, IsMember: true, generation);

    private static RosterNode Starting(string address) => new(address, "i", 0, IsMember: false, 0);

    private static string[] Asked(JoinStep step) => [.. Assert.IsType<JoinStep.Ask>(step).Addresses];

    private JoinStep Next(double seconds, long generation, RosterNode[] nodes, params string[] contacts) =>
        plan.Next(new Roster(generation, nodes), [.. contacts], TimeSpan.FromSeconds(seconds));
}
