using Coordinator.Domain.Virtqueues;
using CsCheck;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class PackedComparisonTests
{
    [Fact]
    public void Compare_HiddenWrapCounters_IsLapBlind()
    {
        // Measured: 22 / 28, equal on both sides; QMP shows no counter.
        VirtqueueJudgement judgement = RingComparison.Compare(Rings.Packed(RingSide.Source, 28, 22), Rings.Packed(RingSide.Destination, 28, 22));

        Assert.Equal(ParityOutcome.LapBlind, judgement.Outcome);
        Assert.True(judgement.IsProven);
        Assert.Contains("wrap counters are not shown", judgement.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(null, true)]
    public void Compare_CountersOfOneSideOnly_IsLapBlind(bool? source, bool? destination) =>
        Assert.Equal(
            ParityOutcome.LapBlind,
            RingComparison.Compare(
                Rings.Packed(RingSide.Source, 28, 22, source, source),
                Rings.Packed(RingSide.Destination, 28, 22, destination, destination)).Outcome);

    [Fact]
    public void Compare_ShownEqualCounters_IsEqual() =>
        Assert.Equal(
            ParityOutcome.Equal,
            RingComparison.Compare(Rings.Packed(RingSide.Source, 2, 250, false, true), Rings.Packed(RingSide.Destination, 2, 250, false, true)).Outcome);

    [Fact]
    public void Compare_OneLapApart_IsAMismatchWhenTheCountersAreShown()
    {
        VirtqueueJudgement judgement = RingComparison.Compare(
            Rings.Packed(RingSide.Source, 28, 28, true, true),
            Rings.Packed(RingSide.Destination, 28, 28, false, false));

        Assert.Equal(ParityOutcome.Mismatch, judgement.Outcome);
        Assert.Equal((ushort)256, judgement.Delta);
        Assert.Contains("the last_avail wrap counter differs: source 1, destination 0", judgement.Reason, StringComparison.Ordinal);
    }

    /// <summary>An empty ring against a full one: both are possible, and only the used counter tells them apart.</summary>
    [Fact]
    public void Compare_OtherUsedCounterOnly_IsAMismatch()
    {
        VirtqueueJudgement judgement = RingComparison.Compare(
            Rings.Packed(RingSide.Source, 28, 28, true, true),
            Rings.Packed(RingSide.Destination, 28, 28, true, false));

        Assert.Equal(ParityOutcome.Mismatch, judgement.Outcome);
        Assert.Equal((ushort)256, judgement.Delta);
        Assert.Contains("the used wrap counter differs: source 1, destination 0", judgement.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(28, 31, 22, 22, 3, "last_avail_idx differs: source 28 (0x1c), destination 31 (0x1f), delta 0x3 in a ring of 200")]
    [InlineData(28, 28, 22, 19, 197, "used_idx differs: source 22 (0x16), destination 19 (0x13), delta 0xc5 in a ring of 200")]
    [InlineData(199, 0, 22, 22, 1, "last_avail_idx differs: source 199 (0xc7), destination 0 (0x0), delta 0x1 in a ring of 200")]
    public void Compare_OtherIndex_IsAMismatchWithTheDeltaInTheRing(int sourceLast, int last, int sourceUsed, int used, int delta, string reason)
    {
        VirtqueueJudgement judgement = RingComparison.Compare(
            Rings.Packed(RingSide.Source, sourceLast, sourceUsed, size: 200),
            Rings.Packed(RingSide.Destination, last, used, size: 200));

        Assert.Equal(ParityOutcome.Mismatch, judgement.Outcome);
        Assert.Equal((ushort)delta, judgement.Delta);
        Assert.Contains(reason, judgement.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_EmptyAgainstFullRing_IsToldByInuse()
    {
        Assert.Equal(
            ParityOutcome.Mismatch,
            RingComparison.Compare(Rings.Packed(RingSide.Source, 28, 28, inuse: 0), Rings.Packed(RingSide.Destination, 28, 28, inuse: 256)).Outcome);
        Assert.Equal(
            ParityOutcome.LapBlind,
            RingComparison.Compare(Rings.Packed(RingSide.Source, 28, 28, inuse: 256), Rings.Packed(RingSide.Destination, 28, 28, inuse: 256)).Outcome);
    }

    [Theory]
    [InlineData(256, 0)]
    [InlineData(0, 256)]
    public void Compare_IndexOutsideTheRing_IsAMismatch(int lastAvail, int used)
    {
        VirtqueueJudgement judgement = RingComparison.Compare(Rings.Packed(RingSide.Source, lastAvail, used), Rings.Packed(RingSide.Destination, lastAvail, used));

        Assert.Equal(ParityOutcome.Mismatch, judgement.Outcome);
        Assert.Contains("lies outside its ring of 256", judgement.Reason, StringComparison.Ordinal);
    }

    /// <summary>Some QEMU versions decode the vring base with the mask 0x7ffff; the stream then carries the wrap bit in used_idx to the destination.</summary>
    [Fact]
    public void Compare_WrapBitLeakedIntoUsedOnBothSides_IsNotHeldAgainstIt()
    {
        Assert.Equal(
            ParityOutcome.LapBlind,
            RingComparison.Compare(Rings.Packed(RingSide.Source, 28, 0x8016), Rings.Packed(RingSide.Destination, 28, 0x8016)).Outcome);
        Assert.Equal(
            ParityOutcome.Equal,
            RingComparison.Compare(Rings.Packed(RingSide.Source, 28, 0x8016, true, true), Rings.Packed(RingSide.Destination, 28, 0x8016, true, true)).Outcome);
    }

    [Fact]
    public void Compare_ShownCountersThatCannotExist_IsAMismatch()
    {
        VirtqueueJudgement judgement = RingComparison.Compare(
            Rings.Packed(RingSide.Source, 22, 28, true, true),
            Rings.Packed(RingSide.Destination, 22, 28, true, true));

        Assert.Equal(ParityOutcome.Mismatch, judgement.Outcome);
        Assert.Contains("cannot exist", judgement.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_NotSetUp_IsNotLapBlind() =>
        Assert.Equal(
            ParityOutcome.NotSetUp,
            RingComparison.Compare(
                Rings.NotSetUp(RingSide.Source) with { Layout = RingLayout.Packed },
                Rings.NotSetUp(RingSide.Destination) with { Layout = RingLayout.Packed }).Outcome);

    /// <summary>Any pair of records, possible or not: a judgement comes out, and an equal one only for equal records.</summary>
    [Fact]
    public void Compare_AnyRecords_AreEqualOnlyWhenAllThatIsShownIsEqual()
    {
        Gen<bool?> wrap = Gen.Int[0, 2].Select(i => i == 0 ? (bool?)null : i == 1);
        Gen<VirtqueueObservation> record = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 9], wrap, wrap, Gen.Int[0, 8])
            .Select((last, used, lastWrap, usedWrap, size) => Rings.Packed(RingSide.Source, last, used, lastWrap, usedWrap, size: size));
        Gen.Select(record, record).Sample((source, destination) =>
        {
            VirtqueueJudgement judgement = RingComparison.Compare(source, destination);
            bool same = source.Size == destination.Size && source.LastAvailIdx == destination.LastAvailIdx && source.UsedIdx == destination.UsedIdx;
            return judgement.Outcome switch
            {
                ParityOutcome.Equal => same && source == destination && source.Inflight is not null,
                ParityOutcome.LapBlind => same,
                _ => judgement.Outcome == ParityOutcome.Mismatch,
            };
        });
    }
}
