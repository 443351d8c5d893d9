using Coordinator.Lab.Evidence;
using Coordinator.Lab.GuestConsole;
using Coordinator.LabPeer;

namespace Coordinator.Lab.Tests;

public sealed class OutsideReportTests
{
    const long SecondInNs = 1_000_000_000;

    [Fact]
    public void Complaints_LossInsideABlackout_None() => Assert.Empty(With(new LossSpan(9 * SecondInNs, 10 * SecondInNs, 5, 3)).Complaints([new(9 * SecondInNs, 10 * SecondInNs)]));

    [Fact]
    public void Complaints_LossElsewhere_IsNamed()
    {
        var complaint = Assert.Single(With(new LossSpan(3 * SecondInNs, 4 * SecondInNs, 5, 3)).Complaints([new(9 * SecondInNs, 10 * SecondInNs)]));

        Assert.Contains("3 datagrams from the guest lost outside every blackout", complaint, StringComparison.Ordinal);
    }

    /// <summary>What lies in the source's tap when the guest leaves was sent before; what the guest sent has left it by then.</summary>
    [Fact]
    public void Complaints_LossFromShortlyBeforeABlackoutOn_OnlyOfWhatWasSentToTheGuest()
    {
        LossSpan loss = new(9 * SecondInNs - 700_000_000, 10 * SecondInNs, 5, 3);
        BlackoutWindow[] blackouts = [new(9 * SecondInNs, 10 * SecondInNs)];

        Assert.Single(With(loss).Complaints(blackouts));
        Assert.Empty(With(roundTrips: new(0, 20, 17, 0, 3, 0, 1, [loss])).Complaints(blackouts));
    }

    [Fact]
    public void Complaints_LossBeforeTheMeasurement_None() => Assert.Empty(With(new LossSpan(1, 2, 5, 3)).Complaints([], sinceNs: SecondInNs));

    [Fact]
    public void Complaints_GuestSilentAndNeverTicked_BothNamed()
    {
        var report = new OutsideReport(new ConsoleJudge().Report(), new(0, [new ArrivalRecord(0, 1).Report()], []));

        Assert.Equal(["the guest never ticked", "flow 0: nothing came from the guest"], report.Complaints([]));
    }

    static OutsideReport With(LossSpan? loss = null, RoundTripReport? roundTrips = null)
    {
        var judge = new ConsoleJudge();
        judge.Observe(ConsoleJudgeTests.Tick(1), "console");
        var arrivals = new ArrivalReport(0, 10, loss?.Count ?? 0, 0, 0, 1, 1, 13, 0, [], loss is { } lost ? [lost] : [], []);
        return new(judge.Report(), new(0, [arrivals], roundTrips is null ? [] : [roundTrips]));
    }
}
