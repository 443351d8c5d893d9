using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class RewindRuleTests
{
    /// <summary>Running at last_avail 10 with 4 in flight (used 6).</summary>
    [Theory]
    [InlineData(10, 6, true, RewindVerdict.NotRewound, 0)]
    [InlineData(12, 12, false, RewindVerdict.NotRewound, 0)]
    [InlineData(6, 6, true, RewindVerdict.Legal, 4)]
    [InlineData(9, 6, true, RewindVerdict.Legal, 1)]
    [InlineData(6, 6, false, RewindVerdict.Illegal, 4)]
    [InlineData(9, 8, false, RewindVerdict.Illegal, 1)]
    [InlineData(5, 6, true, RewindVerdict.Illegal, 0)]
    public void Judge_Split_AllowsGoingBackByWhatWasInFlightWhereTheBackendDoesThat(int lastAvail, int used, bool backendRewinds, RewindVerdict verdict, int entries)
    {
        RewindFinding finding = RewindRule.Judge(
            Rings.Split(RingSide.Source, lastAvail: 10, used: 6, kind: ObservationKind.Provisional),
            Rings.Split(RingSide.Source, lastAvail: lastAvail, used: used),
            backendRewinds);

        Assert.Equal((verdict, entries), (finding.Verdict, finding.Entries));
        Assert.StartsWith("net0 rx0", finding.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Judge_SplitAcrossTheWrap_IsTheSame()
    {
        VirtqueueObservation running = Rings.Split(RingSide.Source, lastAvail: 2, used: 65534, kind: ObservationKind.Provisional);

        Assert.Equal(RewindVerdict.Legal, RewindRule.Judge(running, Rings.Split(RingSide.Source, lastAvail: 65534, used: 65534), backendRewinds: true).Verdict);
    }

    [Fact]
    public void Judge_Packed_NeedsTheWrapCounters()
    {
        VirtqueueObservation running = Rings.Packed(RingSide.Source, 1, 254, lastAvailWrap: false, usedWrap: true, kind: ObservationKind.Provisional);
        VirtqueueObservation stopped = Rings.Packed(RingSide.Source, 254, 254, lastAvailWrap: true, usedWrap: true);

        Assert.Equal((RewindVerdict.Legal, 3), (RewindRule.Judge(running, stopped, true).Verdict, RewindRule.Judge(running, stopped, true).Entries));
        Assert.Equal(RewindVerdict.Illegal, RewindRule.Judge(running, stopped, backendRewinds: false).Verdict);
        Assert.Equal(
            RewindVerdict.Undecidable,
            RewindRule.Judge(running with { LastAvailWrap = null }, stopped with { LastAvailWrap = null }, backendRewinds: true).Verdict);
    }

    [Fact]
    public void Judge_NoCommonMeasure_IsUndecidable()
    {
        VirtqueueObservation running = Rings.Split(RingSide.Source, kind: ObservationKind.Provisional);

        Assert.Equal(RewindVerdict.Undecidable, RewindRule.Judge(running with { NotObservable = true }, Rings.Split(RingSide.Source), backendRewinds: true).Verdict);
        Assert.Equal(RewindVerdict.Undecidable, RewindRule.Judge(running, Rings.Split(RingSide.Source) with { DescAddress = 1 }, backendRewinds: true).Verdict);
    }

    [Fact]
    public void StopTransition_OfATrack_ComparesItsTwoReadings()
    {
        VirtqueueTrack track = VirtqueueTrack.For(new VirtqueueId(Rings.Net0, 0));
        Assert.Null(track.StopTransition(backendRewinds: false));

        track = track.Apply(Rings.Split(RingSide.Source, lastAvail: 10, used: 6, kind: ObservationKind.Provisional)).Apply(Rings.Split(RingSide.Source, lastAvail: 6, used: 6));

        Assert.Equal(RewindVerdict.Illegal, track.StopTransition(backendRewinds: false)?.Verdict);
        Assert.Equal(RewindVerdict.Legal, track.StopTransition(backendRewinds: true)?.Verdict);
    }
}
