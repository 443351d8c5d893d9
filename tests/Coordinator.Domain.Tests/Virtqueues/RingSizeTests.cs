using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Virtqueues;

public sealed class RingSizeTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(32769)]
    public void Constructor_OutOfRange_IsRefused(int entries)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RingSize(entries));
        Assert.False(RingSize.TryCreate(entries, out _));
    }

    [Fact]
    public void TryCreate_BeyondInt_IsRefused() => Assert.False(RingSize.TryCreate(1L << 40, out _));

    [Fact]
    public void IsLegalFor_EverySize_SplitNeedsAPowerOfTwo()
    {
        HashSet<int> powers = [];
        for (int power = 1; power <= 32768; power *= 2)
        {
            powers.Add(power);
        }

        for (int entries = 0; entries <= RingSize.SpecificationMaximum; entries++)
        {
            Assert.True(RingSize.TryCreate(entries, out RingSize size));
            Assert.Equal(powers.Contains(entries), size.IsLegalFor(RingLayout.Split));
            Assert.Equal(entries > 0, size.IsLegalFor(RingLayout.Packed));
            Assert.Equal(entries > 0, size.Exists);
        }
    }
}
