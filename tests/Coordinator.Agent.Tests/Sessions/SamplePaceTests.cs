using Coordinator.Agent.Sessions;
using Xunit;

namespace Coordinator.Agent.Tests.Sessions;

public sealed class SamplePaceTests
{
    [Theory]
    [InlineData(-1, 150, 500)]
    [InlineData(0, 150, 500)]
    [InlineData(3_000, 150, 500)]
    [InlineData(4_000, 200, 500)]
    [InlineData(20_000, 1_000, 1_000)]
    [InlineData(100_000, 5_000, 5_000)]
    [InlineData(long.MaxValue, 5_000, 5_000)]
    public void Pace_GrowsWithTheAgeOfTheCopy_WithinItsBounds(long ageMs, int figuresMs, int ringsMs)
    {
        Assert.Equal(figuresMs, SamplePace.FiguresMs(ageMs));
        Assert.Equal(ringsMs, SamplePace.RingsMs(ageMs));
    }

    [Fact]
    public void ACopyOfTwoMinutes_IsLookedAtAHundredTimes_AndNotEightHundred()
    {
        int looks = 0;
        for (long age = 0; age < 120_000; age += SamplePace.FiguresMs(age))
        {
            looks++;
        }

        Assert.InRange(looks, 50, 120);
    }
}
