using Coordinator.Domain.Admission;
using Coordinator.Domain.Policies;
using CsCheck;
using Xunit;

namespace Coordinator.Domain.Tests.Admission;

public sealed class SlotAllotmentTests
{
    private const long Mib = 1L << 20;

    private static readonly FleetLimits s_noFleetLimits = FleetLimits.None;

    [Fact]
    public void Wishes_BeyondWhatTheSourceSends_WaitAndSayWhoIsSent()
    {
        SlotRound round = Allot([Wish("a", "alpha", "beta"), Wish("b", "alpha", "gamma")], [Wish("c", "alpha", "delta"), Wish("d", "delta", "gamma")]);

        Assert.Equal("d", Assert.Single(round.Granted).Vm.Value);
        SlotWait wait = Assert.Single(round.Waiting);
        Assert.Equal(SlotShortage.Outgoing, wait.Shortage);
        Assert.Equal("waits: alpha sends 2 guests at a time (limits.outgoing) and is sending a, b", wait.Sentence);
    }

    [Fact]
    public void Wishes_BeyondWhatTheDestinationTakes_WaitAndSayWhoArrives()
    {
        SlotRound round = Allot([Wish("a", "alpha", "delta"), Wish("b", "beta", "delta")], [Wish("c", "gamma", "delta")]);

        Assert.Empty(round.Granted);
        Assert.Equal("waits: delta takes 2 guests at a time (limits.incoming) and is taking a, b", Assert.Single(round.Waiting).Sentence);
    }

    [Fact]
    public void GreaterPriority_GoesFirst_WhateverWasAskedForEarlier()
    {
        SlotRound round = Allot(
            [],
            [
                Wish("drained", "alpha", "beta", MigrationPriority.Drain, askedAt: 1),
                Wish("user", "alpha", "beta", MigrationPriority.User, askedAt: 2),
                Wish("system", "alpha", "beta", MigrationPriority.System, askedAt: 3),
            ]);

        Assert.Equal(["system", "user"], round.Granted.Select(g => g.Vm.Value));
        Assert.Equal(("drained", 0), (Assert.Single(round.Waiting).Wish.Vm.Value, round.Waiting[0].Before));
    }

    [Fact]
    public void Equals_HostWithFewestStreamsIsNext_SoThatOneLargeDrainHoldsUpNobody()
    {
        SlotWish[] large = [.. Enumerable.Range(0, 50).Select(i => Wish($"a{i:00}", "alpha", "delta", askedAt: i))];

        SlotRound round = Allot([], [.. large, Wish("late", "beta", "gamma", askedAt: 1_000)], fleet: new FleetLimits(Active: 2, BandwidthBytesPerSec: null));

        Assert.Equal(["a00", "late"], round.Granted.Select(g => g.Vm.Value));
        Assert.Equal(49, round.Waiting.Count);
    }

    [Fact]
    public void BlockedWish_DoesNotHoldUpOthersOfItsHost()
    {
        SlotRound round = Allot([Wish("x", "gamma", "beta"), Wish("y", "delta", "beta")], [Wish("a", "alpha", "beta", askedAt: 1), Wish("b", "alpha", "gamma", askedAt: 2)]);

        Assert.Equal("b", Assert.Single(round.Granted).Vm.Value);
    }

    [Fact]
    public void WhoWaitsForBandwidth_KeepsTheLink_SoThatNarrowOnesDoNotStarveIt()
    {
        HostLimits Limits(HostName host) => new(Outgoing: 9, Incoming: 9, host.Value == "alpha" ? 100 * Mib : null);
        SlotWish[] waiting =
        [
            Wish("wide", "alpha", "beta", askedAt: 1, mib: 80),
            Wish("narrow", "alpha", "beta", askedAt: 2, mib: 10),
            Wish("elsewhere", "gamma", "beta", askedAt: 3, mib: 500),
        ];

        SlotRound round = SlotAllotment.Allot([Wish("now", "alpha", "delta", mib: 40)], waiting, Limits, s_noFleetLimits);

        Assert.Equal("elsewhere", Assert.Single(round.Granted).Vm.Value);
        Assert.Equal(
            ["waits: the link of alpha has 60 MiB/s of 100 MiB/s left, and its policy may take 80 MiB/s", "waits: the link of alpha is kept for wide, which waits for it longer"],
            round.Waiting.Select(w => w.Sentence));
    }

    [Fact]
    public void PolicyWiderThanTheLink_GetsTheWholeLink()
    {
        HostLimits Limits(HostName _) => new(Outgoing: 9, Incoming: 9, 100 * Mib);

        SlotRound round = SlotAllotment.Allot([], [Wish("a", "alpha", "beta", askedAt: 1, mib: 1024), Wish("b", "alpha", "beta", askedAt: 2, mib: 1)], Limits, s_noFleetLimits);

        Assert.Equal("a", Assert.Single(round.Granted).Vm.Value);
        Assert.Equal("waits: the link of alpha has 0 MiB/s of 100 MiB/s left, and its policy may take 1 MiB/s", Assert.Single(round.Waiting).Sentence);
    }

    [Fact]
    public void FleetBandwidth_IsRationedToo()
    {
        SlotRound round = Allot(
            [Wish("a", "alpha", "beta", mib: 60)], [Wish("b", "gamma", "delta", mib: 60)], new FleetLimits(Active: null, 100 * Mib));

        Assert.Equal(SlotShortage.FleetBandwidth, Assert.Single(round.Waiting).Shortage);
    }

    /// <summary>Nothing is exceeded, nobody is forgotten, nothing that fits is left lying, and the same question gets the same answer in whatever order it is asked.</summary>
    [Fact]
    public void AnyLoad_IsWithinLimitsCompleteAndWithoutWaste()
    {
        Gen<SlotWish[]> wishes = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 4], Gen.Enum<MigrationPriority>(), Gen.Int[1, 120], Gen.Int[0, 9]).Array[0, 40]
            .Select(drawn => drawn.Select((d, i) => Wish(
                $"vm{i}", $"h{d.Item1}", $"h{(d.Item1 + 1 + d.Item2) % 6}", d.Item3, d.Item5, d.Item4)).ToArray());
        Gen.Select(wishes, Gen.Int[0, 3], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[0, 12], Gen.Int[60, 400]).Sample((all, held, outgoing, incoming, active, mib) =>
        {
            HostLimits Limits(HostName host) => new(outgoing, incoming, host.Value is "h0" or "h1" ? mib * Mib : null);
            FleetLimits fleet = new(active == 0 ? null : active, BandwidthBytesPerSec: null);
            SlotWish[] holding = [.. all.Take(held)];
            SlotWish[] waiting = [.. all.Skip(held)];
            SlotRound round = SlotAllotment.Allot(holding, waiting, Limits, fleet);
            SlotRound mirrored = SlotAllotment.Allot([.. holding.Reverse()], [.. waiting.Reverse()], Limits, fleet);

            Assert.Equal(round.Granted, mirrored.Granted);
            Assert.Equal(waiting.Select(w => w.Vm.Value).Order(), round.Granted.Select(g => g.Vm.Value).Concat(round.Waiting.Select(w => w.Wish.Vm.Value)).Order());
            SlotWish[] going = [.. holding, .. round.Granted];
            foreach (SlotWish granted in round.Granted)
            {
                Assert.InRange(going.Count(g => g.Source == granted.Source), 1, outgoing);
                Assert.InRange(going.Count(g => g.Destination == granted.Destination), 1, incoming);
                foreach (HostName host in new[] { granted.Source, granted.Destination }.Where(h => Limits(h).BandwidthBytesPerSec is not null))
                {
                    Assert.InRange(going.Where(g => g.Source == host || g.Destination == host).Sum(g => Math.Min(g.BandwidthBytesPerSec, mib * Mib)), 1, mib * Mib);
                }
            }

            Assert.True(active == 0 || round.Granted.Count == 0 || going.Length <= active);
            Assert.DoesNotContain(round.Waiting, w => w.Shortage switch
            {
                SlotShortage.Outgoing => going.Count(g => g.Source == w.Wish.Source) < outgoing,
                SlotShortage.Incoming => going.Count(g => g.Destination == w.Wish.Destination) < incoming,
                SlotShortage.FleetActive => going.Length < active,
                _ => false,
            });
        });
    }

    private static SlotRound Allot(SlotWish[] holding, SlotWish[] waiting, FleetLimits? fleet = null) =>
        SlotAllotment.Allot(holding, waiting, _ => HostLimits.Default, fleet ?? s_noFleetLimits);

    private static SlotWish Wish(string vm, string source, string destination, MigrationPriority priority = MigrationPriority.User, long askedAt = 0, long mib = 1) =>
        new(new VmName(vm), Guid.Empty, 0, new HostName(source), new HostName(destination), priority, mib * Mib, askedAt);
}
