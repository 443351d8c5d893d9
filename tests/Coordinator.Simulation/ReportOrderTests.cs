using Coordinator.Actors.Migrations;

namespace Coordinator.Simulation;

public sealed class ReportOrderTests
{
    [Theory]
    [InlineData(true, 5, 4, 0, false)]
    [InlineData(true, 4, 4, 0, true)]
    [InlineData(true, 3, 4, 60, true)]
    [InlineData(false, 3, 4, 1, true)]
    [InlineData(false, 5, 4, 1, false)]
    [InlineData(false, 3, 4, 13, false)]
    public void Report_OfAnyLife_IsOldByItsNumberUnlessTheKnownLifeIsSilent(bool sameLife, long number, long known, int silentSeconds, bool isOld) =>
        Assert.Equal(isOld, ReportOrder.IsOld(sameLife, number, known, TimeSpan.FromSeconds(silentSeconds)));
}
