using Coordinator.Cli.Rendering;
using Xunit;

namespace Coordinator.Cli.Tests.Rendering;

public sealed class AmountsTests
{
    [Theory]
    [InlineData(0, "0.000 s")]
    [InlineData(1256, "1.256 s")]
    [InlineData(59_940, "59.9 s")]
    [InlineData(185_000, "3 min 5 s")]
    [InlineData(10_920_000, "3 h 2 min")]
    public void Span_Lengths_HaveTheUnitThatFits(int ms, string expected) => Assert.Equal(expected, Amounts.Span(TimeSpan.FromMilliseconds(ms)));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(100, "100 ms")]
    [InlineData(2_000, "2 s")]
    [InlineData(90_000, "90 s")]
    [InlineData(3_600_000, "60 min")]
    public void Setting_Values_HaveNoDigitsThatNobodyTyped(long ms, string expected) => Assert.Equal(expected, Amounts.Setting(ms));

    [Theory]
    [InlineData(1L << 30, "1 GiB/s")]
    [InlineData(3L << 29, "1.5 GiB/s")]
    [InlineData(128L << 20, "128 MiB/s")]
    public void Rate_Values_AreBinary(long bytesPerSec, string expected) => Assert.Equal(expected, Amounts.Rate(bytesPerSec));

    [Fact]
    public void Ms_Micros_KeepTwoDigits() => Assert.Equal("1,234.57 ms", Amounts.Ms(1_234_567));
}
