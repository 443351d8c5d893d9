using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class RunOverlapTests
{
    private static readonly JudgeSettings Exact = new();

    [Fact]
    public void TwoRuns_TouchingEnds_AreAllowed() =>
        Assert.Empty(RunOverlap.Check(new MigrationHistory().Runs(AtSource, 0, 100).Runs(AtDestination, 100, 200).Records, Exact));

    [Fact]
    public void TwoRuns_OneMicrosecondTogether_AreNamedWithBothCopies()
    {
        Violation violation = Assert.Single(RunOverlap.Check(new MigrationHistory().Runs(AtSource, 0, 100.001).Runs(AtDestination, 100, 200).Records, Exact));
        Assert.Equal("two copies of vm-1 ran at once: copy aaaaaaaa on a ran from 0.000 ms until 100.001 ms, and copy bbbbbbbb on b ran from 100.000 ms until 200.000 ms", violation.Sentence);
    }

    [Fact]
    public void TwoRuns_WithinTheClocksTolerance_AreAllowed() =>
        Assert.Empty(RunOverlap.Check(new MigrationHistory().Runs(AtSource, 0, 100.5).Runs(AtDestination, 100, 200).Records, new JudgeSettings { ClockToleranceMicros = 500 }));

    [Fact]
    public void RunWithoutAnEnd_AnotherCopyBegins_IsFound() =>
        Assert.Single(RunOverlap.Check(new MigrationHistory().Runs(AtSource, 0).Runs(AtDestination, 5000).Records, Exact));

    [Fact]
    public void RunInsideALongerOne_AfterAnotherOne_IsFound() =>
        Assert.Equal(2, RunOverlap.Check(new MigrationHistory().Runs(AtSource, 0, 1000).Runs(AtDestination, 100, 200).Runs(AtDestination, 300, 400).Records, Exact).Count);

    [Fact]
    public void SameCopy_SeenByTwoWriters_IsOneRun() =>
        Assert.Empty(RunOverlap.Check(new MigrationHistory().Runs(AtSource, 0, 100).Runs(AtSource, 1, 101).Records, Exact));

    [Fact]
    public void OtherVm_RunsAtTheSameTime_IsNoBusinessOfThisOne() =>
        Assert.Empty(RunOverlap.Check(new MigrationHistory().Runs(AtSource, 0, 100).Add(new RunBegan(0, new("vm-2"), AtDestination)).Records, Exact));
}
