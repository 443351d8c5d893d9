using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class RunOwnershipTests
{
    private static readonly JudgeSettings Exact = new();

    private static IReadOnlyList<Violation> Check(MigrationHistory history) => RunOwnership.Check(history.Records, Exact);

    private static MigrationHistory Beginning() => new MigrationHistory().Runs(AtSource, 1, 100).Prepared();

    [Fact]
    public void DestinationRan_AfterTheGrant_IsGood() => Assert.Empty(Check(Good()));

    [Fact]
    public void SourceRanAgain_AfterTheRefusal_IsGood() => Assert.Empty(Check(RolledBack()));

    [Fact]
    public void SourceRanAgain_WithoutHavingCompleted_IsGood() => Assert.Empty(Check(Beginning().Runs(AtSource, 150)));

    [Fact]
    public void DestinationRan_WithoutAnyGrant_IsNamed()
    {
        Violation violation = Assert.Single(Check(Beginning().Runs(AtDestination, 120)));
        Assert.Equal("the destination's copy bbbbbbbb on b of vm-1 ran at 120.000 ms although the register of attempt 1 never said run", violation.Sentence);
    }

    [Fact]
    public void DestinationRan_BeforeTheGrantWasAskedFor_IsFound() =>
        Assert.Contains("before the register of attempt 1 said run", Assert.Single(Check(Beginning().Operation(RegisterOperationKind.Grant, 121, 122, RegisterOutcome.Done).Runs(AtDestination, 120))).Sentence, StringComparison.Ordinal);

    [Fact]
    public void DestinationRan_GrantLostWithTheAgentButAnsweredLater_IsAllowed() =>
        Assert.Empty(Check(Beginning().Runs(AtDestination, 120).Operation(RegisterOperationKind.Released, 400, 401, RegisterOutcome.Running)));

    [Fact]
    public void DestinationRan_AfterARefusal_IsFound() =>
        Assert.Contains(Check(Beginning().Operation(RegisterOperationKind.Refuse, 110, 115, RegisterOutcome.Refused).Runs(AtDestination, 120)),
            violation => violation.Sentence.Contains("although the register of attempt 1 had refused", StringComparison.Ordinal));

    [Fact]
    public void SourceRanAgain_AfterCompletionWithoutRefusal_IsNamed()
    {
        Violation violation = Assert.Single(Check(Beginning().Completed(110).Runs(AtSource, 150)));
        Assert.Equal("the source's copy aaaaaaaa on a of vm-1 ran again at 150.000 ms although it had completed attempt 1 at 110.000 ms and no answer 'refused' had come before", violation.Sentence);
    }

    [Fact]
    public void SourceRanAgain_ByAPersonsWord_IsGood() => Assert.Empty(Check(Beginning().Completed(110).Add(new SourceKeptByWord(Micros(149), Vm, First, AtSource)).Runs(AtSource, 150)));

    [Fact]
    public void DestinationRan_ByAPersonsWord_IsGood() => Assert.Empty(Check(Beginning().Operation(RegisterOperationKind.GrantByWord, 110, 112, RegisterOutcome.Done).Runs(AtDestination, 120)));

    [Fact]
    public void SourceRanAgain_OnAnUndecidedAnswer_IsFound() =>
        Assert.Single(Check(Beginning().Completed(110).Operation(RegisterOperationKind.Refuse, 111, 112, RegisterOutcome.Undecided).Runs(AtSource, 150)));

    [Fact]
    public void Migrate_IssuedTwiceForAnAttempt_IsFound() =>
        Assert.Single(Check(Good().Add(new MigrateIssued(Micros(50), Vm, First, AtSource))));

    [Fact]
    public void Migrate_BeforeItsAuthorisation_IsFound() =>
        Assert.Single(Check(Beginning().Add(new MigrateIssued(Micros(9), Vm, First, AtSource)).Add(new SwitchoverAuthorised(Micros(10), Vm, First))));
}
