using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class HistoryJudgeTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GoodHistories_ByAllCheckers_HaveNoViolation(bool complete)
    {
        JudgeSettings settings = new() { KeeperStepsComplete = complete };
        Assert.Empty(HistoryJudge.Judge(Good().Records, settings).Violations);
        Assert.Empty(HistoryJudge.Judge(RolledBack().Records, settings).Violations);
    }

    [Fact]
    public void BadHistory_ReportsEachRuleThatItBreaks()
    {
        // The source runs on after the destination was granted: an overlap, and a run without a refusal.
        Judgement judgement = HistoryJudge.Judge(Good().Runs(AtSource, 150, 160).Records, new JudgeSettings());
        Assert.Equal([RunOverlap.Name, RunOwnership.Name], judgement.Violations.Select(violation => violation.Checker));
        Assert.Contains("2 violations", judgement.ToString(), StringComparison.Ordinal);
        Assert.Contains("3 runs", judgement.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void EmptyHistory_IsGood() => Assert.True(HistoryJudge.Judge([], new JudgeSettings()).IsGood);
}
