using static Coordinator.History.RegisterOperationKind;
using static Coordinator.History.RegisterOutcome;
using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class RegisterLinearizabilityTests
{
    private static readonly JudgeSettings Complete = new() { KeeperStepsComplete = true };
    private static readonly JudgeSettings Partial = new();

    private static MigrationHistory Opened() => new MigrationHistory().Operation(Open, 0, 1, Done);

    [Fact]
    public void Good_Migration_IsLinearizable() => Assert.Empty(RegisterLinearizability.Check(Good().Records, Complete));

    [Fact]
    public void RolledBack_Migration_IsLinearizable() => Assert.Empty(RegisterLinearizability.Check(RolledBack().Records, Complete));

    [Fact]
    public void RunAndRefused_OfOneAttempt_IsNamed()
    {
        Violation violation = Assert.Single(RegisterLinearizability.Check(
            Opened().Operation(Released, 10, 11, Run).Operation(Refuse, 12, 13, Refused).Records, Partial));
        Assert.Equal("no order explains the answers of the register of vm-1, attempt 1, store 55555555: after Open by b (0.000 ms to 1.000 ms) = Done; Released by a (10.000 ms to 11.000 ms) = Run"
            + ", it is Run or Running, which does not allow Refuse by a (12.000 ms to 13.000 ms) = Refused", violation.Sentence);
    }

    [Fact]
    public void RunAndRefused_WithAWithdrawalBetween_IsAllowed() => Assert.Empty(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 11, Run).Operation(Withdraw, 12, 14, Done).Operation(Refuse, 13, 15, Refused).Records, Partial));

    [Fact]
    public void Withdrawal_NeverAnswered_MayHaveTakenEffect() => Assert.Empty(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 11, Run).Operation(Withdraw, 12, 0, null).Operation(Refuse, 13, 15, Refused).Records, Partial));

    [Fact]
    public void Withdrawal_AfterTheGuestRan_IsRefused() => Assert.Single(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 11, Running).Operation(Withdraw, 12, 14, Done).Records, Partial));

    [Fact]
    public void Run_WithoutReleased_IsRefused() => Assert.Single(RegisterLinearizability.Check(Opened().Operation(Refuse, 10, 11, Run).Records, Partial));

    [Fact]
    public void Run_WithoutReleasedButByAPersonsWord_IsAllowed() => Assert.Empty(RegisterLinearizability.Check(
        Opened().Operation(GrantByWord, 5, 6, Done).Operation(Refuse, 10, 11, Run).Records, Complete));

    [Fact]
    public void Run_WithoutAGrantOnRecord_IsRefusedWhereAllIsOnRecord()
    {
        MigrationHistory history = Opened().Operation(Released, 10, 11, Run);
        Assert.Empty(RegisterLinearizability.Check(history.Records, Partial));
        Assert.Single(RegisterLinearizability.Check(history.Records, Complete));
    }

    [Fact]
    public void Running_ThenRunAgain_IsRefused() => Assert.Single(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 11, Running).Operation(Released, 12, 13, Run).Records, Partial));

    [Fact]
    public void Run_ThenUndecided_IsRefused() => Assert.Single(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 11, Run).Operation(Released, 12, 13, Undecided).Records, Partial));

    [Fact]
    public void AnswersInFlight_MayOvertakeEachOther() => Assert.Empty(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 20, Run).Operation(Released, 11, 22, Undecided).Records, Partial));

    [Fact]
    public void Unknown_ThenRun_IsRefused() => Assert.Single(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 11, Unknown).Operation(Released, 12, 13, Run).Records, Partial));

    [Fact]
    public void Unknown_BecauseTheStoreWasLost_IsAllowedForEver() => Assert.Empty(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 11, Undecided).Operation(Released, 12, 13, Unknown).Operation(Refuse, 14, 15, Unknown).Records, Complete));

    [Fact]
    public void GateClosed_ThenOpenInANewLifeOfTheAgent_IsAllowed() => Assert.Empty(RegisterLinearizability.Check(
        Opened().Operation(Released, 10, 11, GateClosed).Operation(Released, 12, 13, Undecided).Operation(Released, 14, 15, Run).Records, Partial));

    [Fact]
    public void GateClosed_WithoutReleased_IsRefused() => Assert.Single(RegisterLinearizability.Check(Opened().Operation(Read, 10, 11, GateClosed).Records, Partial));

    [Fact]
    public void Refused_OfACleanUpBeforeThePreparation_IsAllowed() => Assert.Empty(RegisterLinearizability.Check(
        new MigrationHistory().Operation(SetRefused, 0, 1, Done).Operation(Refuse, 2, 3, Refused).Records, Complete));

    [Fact]
    public void Opened_AfterItWasRefused_IsRefused() => Assert.Single(RegisterLinearizability.Check(
        new MigrationHistory().Operation(SetRefused, 0, 1, Done).Operation(Open, 2, 3, Done).Records, Partial));

    [Fact]
    public void Operation_AnsweredButNeverBegun_MakesTheHistoryUnusable() =>
        Assert.Contains("not usable", Assert.Single(RegisterLinearizability.Check([new RegisterAnswered(1, Vm, "x", Run)], Partial)).Sentence, StringComparison.Ordinal);
}
