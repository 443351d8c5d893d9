using Coordinator.Domain.Virtqueues;
using CsCheck;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class PackedIndexTests
{
    /// <summary>Every size up to 33, every pair of positions and counters, every step count: against going one entry at a time.</summary>
    [Fact]
    public void Arithmetic_EverySmallRing_AgreesWithWalking()
    {
        for (int entries = 1; entries <= 33; entries++)
        {
            RingSize size = new(entries);
            PackedIndex from = PackedIndex.Start;
            for (int start = 0; start < 2 * entries; start++, from = Next(from, entries))
            {
                PackedIndex at = from;
                for (int step = 0; step < 2 * entries; step++, at = Next(at, entries))
                {
                    Assert.Equal(step, PackedIndex.Distance(from, at, size));
                    Assert.Equal(step <= entries ? step : null, PackedIndex.Inflight(from, at, size));
                    if (step <= entries)
                    {
                        Assert.Equal(at, from.Advance(step, size));
                        Assert.Equal(from, at.Rewind(step, size));
                    }
                }
            }

            Assert.Equal(PackedIndex.Start, from);
        }
    }

    [Fact]
    public void Rewind_BelowZero_FlipsTheCounter()
    {
        RingSize size = new(256);

        Assert.Equal(new PackedIndex(254, Wrap: false), new PackedIndex(2, Wrap: true).Rewind(4, size));
        Assert.Equal(new PackedIndex(0, Wrap: true), new PackedIndex(4, Wrap: true).Rewind(4, size));
        Assert.Equal(new PackedIndex(4, Wrap: false), new PackedIndex(4, Wrap: true).Rewind(256, size));
    }

    [Fact]
    public void Arithmetic_OutsideTheRing_IsRefused()
    {
        RingSize size = new(8);
        PackedIndex outside = new(8, Wrap: true);

        Assert.False(outside.IsWithin(size));
        Assert.Null(PackedIndex.Inflight(outside, PackedIndex.Start, size));
        Assert.Null(PackedIndex.Inflight(PackedIndex.Start, outside, size));
        Assert.Throws<ArgumentOutOfRangeException>(() => outside.Advance(0, size));
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedIndex.Distance(PackedIndex.Start, outside, size));
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedIndex.Start.Advance(9, size));
        Assert.Throws<ArgumentOutOfRangeException>(() => PackedIndex.Start.Rewind(-1, size));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PackedIndex(0x8000, Wrap: false));
    }

    [Fact]
    public void Base_EveryHalf_SurvivesDecodeAndEncode()
    {
        for (uint half = 0; half <= ushort.MaxValue; half++)
        {
            Assert.Equal(half, PackedRingBase.Decode(half).Encode());
            Assert.Equal(half << 16, PackedRingBase.Decode(half << 16).Encode());
        }
    }

    [Fact]
    public void Base_AnyValue_SurvivesDecodeAndEncode() => Gen.UInt.Sample(value => PackedRingBase.Decode(value).Encode() == value);

    [Theory]
    [InlineData(0x80008000u, 0, true, 0, true)]
    [InlineData(0x00168005u, 5, true, 0x16, false)]
    [InlineData(0x80160005u, 5, false, 0x16, true)]
    [InlineData(0xffff7fffu, 0x7fff, false, 0x7fff, true)]
    public void Decode_KnownBits_StandWhereTheyBelong(uint value, int avail, bool availWrap, int used, bool usedWrap) =>
        Assert.Equal(new PackedRingBase(new PackedIndex((ushort)avail, availWrap), new PackedIndex((ushort)used, usedWrap)), PackedRingBase.Decode(value));

    private static PackedIndex Next(PackedIndex index, int entries) =>
        index.Position + 1 == entries ? new PackedIndex(0, !index.Wrap) : new PackedIndex((ushort)(index.Position + 1), index.Wrap);
}
