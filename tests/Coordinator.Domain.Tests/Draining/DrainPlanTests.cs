using Coordinator.Domain.Draining;
using CsCheck;
using Xunit;

namespace Coordinator.Domain.Tests.Draining;

public sealed class DrainPlanTests
{
    private static readonly DrainJob s_twoAtATime = new(new HostName("alpha"), MaxParallel: 2, StopOnFailures: 0);

    [Fact]
    public void Guests_GoWhereMostMemoryIsLeft_LargestFirst_AndNoMoreThanAllowed()
    {
        DrainPlan plan = Plan([Guest("small", 100), Guest("large", 900), Guest("middle", 500)], Host("beta", 1_000), Host("gamma", 800));

        Assert.Equal([("large", "beta"), ("middle", "gamma")], plan.Moves.Select(m => (m.Guest.Vm.Value, m.Destination.Value)));
        Assert.Equal("waits: 2 of this drain go at a time", Assert.Single(plan.Waits).Sentence);
        Assert.False(plan.IsOver);
    }

    [Fact]
    public void OurMigrationsUnderWay_Count_OthersDoNot()
    {
        DrainPlan plan = Plan(
            [Guest("ours", 1) with { GoesTo = new HostName("beta"), IsOurs = true }, Guest("theirs", 1) with { GoesTo = new HostName("beta") }, Guest("a", 1), Guest("b", 1)], Host("beta", 1_000));

        Assert.Equal("a", Assert.Single(plan.Moves).Guest.Vm.Value);
        Assert.Equal((2, "b"), (plan.UnderWay, Assert.Single(plan.Waits).Guest.Vm.Value));
    }

    [Fact]
    public void NoHostThatCanTakeIt_IsSaidHostByHost_AndLookedAtAgain()
    {
        DrainGuest web = Guest("web-1", 500) with { Labels = [new VmLabel("app", "web")], AntiAffinity = ["app"] };
        DrainHost[] others =
        [
            Host("beta", 499),
            Host("delta", 9_000) with { IsConnected = false },
            Host("epsilon", 9_000) with { CordonedBecause = "memory test" },
            Host("eta", 9_000) with { Driver = "simulated" },
            Host("theta", 9_000) with { Residents = [Guest("web-2", 10) with { Labels = [new VmLabel("app", "web")] }] },
        ];
        DrainPlan plan = Plan([web], others);

        Assert.Equal(
            "no host can take it: beta has 499 MiB free and it needs 500; delta is not connected; epsilon is cordoned (memory test); eta has the driver simulated and not qemu; theta has web-2, which is app=web too",
            Assert.Single(plan.Waits).Sentence);
        Assert.False(plan.IsOver);
        Assert.Equal("no other host is known", Assert.Single(Plan([web]).Waits).Sentence);
    }

    [Fact]
    public void GuestsOfOneDrain_DoNotMeetWhereTheyMayNot()
    {
        DrainGuest Web(string name) => Guest(name, 1) with { Labels = [new VmLabel("app", "web")], AntiAffinity = ["app"] };

        DrainPlan plan = Plan([Web("web-1"), Web("web-2")], Host("beta", 1_000));

        Assert.Single(plan.Moves);
        Assert.Equal("no host can take it: beta has web-1, which is app=web too", Assert.Single(plan.Waits).Sentence);
    }

    [Fact]
    public void FailedGuest_IsTriedElsewhereFirst_ThenGivenUp_AndNeverStopped()
    {
        DrainGuest failed = Guest("web-1", 1) with { Failures = 1, FailedAt = new HostName("beta") };

        Assert.Equal("gamma", Assert.Single(Plan([failed], Host("beta", 9_000), Host("gamma", 10)).Moves).Destination.Value);
        Assert.Equal("beta", Assert.Single(Plan([failed], Host("beta", 9_000)).Moves).Destination.Value);
        Assert.Equal("waits before its next try", Assert.Single(Plan([failed with { BacksOff = true }], Host("beta", 9_000)).Waits).Sentence);
        DrainPlan over = Plan([failed with { Failures = 3 }], Host("beta", 9_000));
        Assert.True(over is { IsOver: true, IsEmpty: false });
        Assert.Equal("could not be moved in 3 tries; it runs on, and a person has to look", Assert.Single(over.Waits).Sentence);
    }

    [Fact]
    public void SoManyFailedGuests_StopTheJob_ButNotWhatIsUnderWay()
    {
        DrainJob job = s_twoAtATime with { StopOnFailures = 1 };
        DrainGuest given = Guest("web-1", 1) with { Failures = 3 };
        DrainHost source = Host("alpha", 0) with { Residents = [given, Guest("web-2", 1), Guest("web-3", 1) with { GoesTo = new HostName("beta"), IsOurs = true }] };

        DrainPlan plan = DrainPlan.Of(job, source, [Host("beta", 1_000)]);

        Assert.True(plan is { Stopped: true, IsOver: false, UnderWay: 1, Moves.Count: 0 });
        Assert.Contains(plan.Waits, w => w.Sentence == "the drain has stopped after 1 failed guest");
        Assert.True(DrainPlan.Of(job, source with { Residents = [given, Guest("web-2", 1)] }, [Host("beta", 1_000)]).IsOver);
    }

    [Fact]
    public void GuestInDoubt_IsLeftAlone_AndSaid()
    {
        DrainPlan plan = Plan([Guest("web-1", 1) with { Obstacle = "its migration is in doubt" }], Host("beta", 1_000));

        Assert.Equal("its migration is in doubt", Assert.Single(plan.Waits).Sentence);
        Assert.False(plan.IsOver);
    }

    [Fact]
    public void EmptyHost_IsDone() => Assert.True(Plan([], Host("beta", 1)) is { IsEmpty: true, IsOver: true });

    [Theory]
    [InlineData(0, 0, "max_parallel '0'")]
    [InlineData(101, 0, "max_parallel '101'")]
    [InlineData(1, -1, "stop_on_failures '-1'")]
    public void Job_OutOfRange_IsRefusedByName(int parallel, int failures, string named) =>
        Assert.Contains(named, Assert.Throws<InvalidValueException>(() => (s_twoAtATime with { MaxParallel = parallel, StopOnFailures = failures }).Checked()).Message, StringComparison.Ordinal);

    /// <summary>Followed to its end with every migration succeeding: nobody is forgotten, no host gets more than it has, no two meet that may not.</summary>
    [Fact]
    public void AnyFleet_DrainsAsFarAsItCan_WithinEveryHostsMeans()
    {
        Gen.Select(Gen.Select(Gen.Int[0, 600], Gen.Int[0, 3], Gen.Bool).Array[0, 12], Gen.Int[0, 2_000].Array[0, 4], Gen.Int[1, 4]).Sample((drawn, memory, parallel) =>
        {
            List<DrainGuest> left = [.. drawn.Select((d, i) => Guest($"vm{i}", d.Item1) with
            {
                Labels = [new VmLabel("group", $"{d.Item2}")],
                AntiAffinity = d.Item3 ? ["group"] : [],
            })];
            List<DrainHost> hosts = [.. memory.Select((m, i) => Host($"h{i}", m))];
            DrainPlan plan;
            while (!(plan = DrainPlan.Of(s_twoAtATime with { MaxParallel = parallel }, Host("alpha", 0) with { Residents = left.ToEquatableList() }, hosts)).IsOver)
            {
                Assert.Equal(left.Count, plan.Moves.Count + plan.Waits.Count);
                Assert.InRange(plan.Moves.Count, 0, parallel);
                if (plan.Moves.Count == 0)
                {
                    Assert.All(plan.Waits, w => Assert.StartsWith(hosts.Count == 0 ? "no other host" : "no host can take it", w.Sentence, StringComparison.Ordinal));
                    break;
                }

                foreach (DrainMove move in plan.Moves)
                {
                    int at = hosts.FindIndex(h => h.Host == move.Destination);
                    Assert.DoesNotContain(hosts[at].Residents, r => r.Labels == move.Guest.Labels && (r.AntiAffinity.Count > 0 || move.Guest.AntiAffinity.Count > 0));
                    hosts[at] = hosts[at] with { MemoryFreeMiB = hosts[at].MemoryFreeMiB - move.Guest.MemoryMiB, Residents = hosts[at].Residents.Add(move.Guest) };
                    Assert.True(hosts[at].MemoryFreeMiB >= 0);
                    left.RemoveAll(g => g.Vm == move.Guest.Vm);
                }
            }
        });
    }

    private static DrainPlan Plan(DrainGuest[] guests, params DrainHost[] others) => DrainPlan.Of(s_twoAtATime, Host("alpha", 0) with { Residents = guests.ToEquatableList() }, others);

    private static DrainGuest Guest(string name, long mib) => new(new VmName(name), mib, [], []);

    private static DrainHost Host(string name, long freeMiB) => new(new HostName(name), IsConnected: true, CordonedBecause: null, "qemu", freeMiB, []);
}
