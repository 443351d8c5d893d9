using Coordinator.Domain.Migration;
using static Coordinator.History.Tests.MigrationHistory;

namespace Coordinator.History.Tests;

public sealed class StandstillsTests
{
    // Allowed: 2 s and 1 s of margin; 2 s after the end of a fault.
    private static readonly JudgeSettings Settings = new() { SwitchoverDeadlineMicros = 2_000_000, StandstillMarginMicros = 1_000_000, ResolvedAfterFaultMicros = 2_000_000 };

    private static IReadOnlyList<Violation> Check(MigrationHistory history) => Standstills.Check(history.Records, Settings);

    private static MigrationHistory Stopped(double untilMs) => new MigrationHistory().Prepared().Runs(AtSource, 1, 100).Runs(AtDestination, untilMs);

    [Fact]
    public void Standstill_WithinTheDeadline_IsAllowed() => Assert.Empty(Check(Stopped(3100)));

    [Fact]
    public void Standstill_BeyondTheDeadline_IsNamed()
    {
        Violation violation = Assert.Single(Check(Stopped(3101)));
        Assert.Equal("vm-1 stood still from 100.000 ms (copy aaaaaaaa on a ended its run) until 3101.000 ms, 3001.000 ms in all; allowed until 3100.000 ms (the switchover's deadline and its margin)", violation.Sentence);
    }

    [Fact]
    public void Standstill_ToTheEnd_IsFound() => Assert.Single(Check(new MigrationHistory().Prepared().Runs(AtSource, 1, 100).Seen(9000, MigrationPhase.Failed)));

    [Fact]
    public void Standstill_ToTheEndInDoubt_IsAllowed() => Assert.Empty(Check(new MigrationHistory().Prepared().Runs(AtSource, 1, 100).Seen(9000, MigrationPhase.InDoubt)));

    [Fact]
    public void SourceAgentStopped_ResolvedWithin2sAfter_IsAllowed() => Assert.Empty(Check(Stopped(12_000).Fault(Party.Agent(A), FaultKind.Stopped, 50, 10_000)));

    [Fact]
    public void SourceAgentStopped_NotResolvedWithin2sAfter_IsNamedWithTheFault()
    {
        Violation violation = Assert.Single(Check(Stopped(12_001).Fault(Party.Agent(A), FaultKind.Stopped, 50, 10_000)));
        Assert.EndsWith("allowed until 12000.000 ms (shortly after the end of Agent a Stopped from 50.000 ms until 10000.000 ms)", violation.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void FaultAfterTheDeadline_IsNoExcuse() => Assert.Single(Check(Stopped(9000).Fault(Party.Agent(A), FaultKind.Stopped, 3101, 9000)));

    [Fact]
    public void DestinationAgentStopped_WhileTheSourceStillCopies_IsNoExcuse() => Assert.Single(Check(Stopped(9000).Fault(Party.Agent(B), FaultKind.Stopped, 50, 9000)));

    [Fact]
    public void DestinationAgentStopped_AfterTheSourceCompleted_IsAnExcuse() => Assert.Empty(Check(Stopped(9000).Completed(200).Fault(Party.Agent(B), FaultKind.Stopped, 50, 8000)));

    [Fact]
    public void SourceAgentDead_AfterTheRegisterSaidRun_IsNoExcuse() => Assert.Single(Check(
        Stopped(9000).Completed(200).Operation(RegisterOperationKind.Grant, 300, 301, RegisterOutcome.Done).Fault(Party.Agent(A), FaultKind.Dead, 302, 9000)));

    [Fact]
    public void DestinationAgentDead_AfterTheRegisterSaidRun_IsAnExcuse() => Assert.Empty(Check(
        Stopped(9000).Completed(200).Operation(RegisterOperationKind.Grant, 300, 301, RegisterOutcome.Done).Fault(Party.Agent(B), FaultKind.Dead, 302, 8000)));

    [Fact]
    public void DestinationQemuDead_WhileUndecided_IsNoExcuse() =>
        Assert.Single(Check(Stopped(9000).Completed(200).Fault(Party.Qemu(AtDestination), FaultKind.Dead, 250)));

    [Fact]
    public void LinkCut_WithTheCoordinatorUp_IsNoExcuse() => Assert.Single(Check(Stopped(9000).Completed(200).Fault(Party.AgentLink(A, B), FaultKind.Cut, 50, 8000)));

    [Fact]
    public void LinkCut_WithTheCoordinatorDead_IsAnExcuse() => Assert.Empty(Check(
        Stopped(9000).Completed(200).Fault(Party.AgentLink(A, B), FaultKind.Cut, 50, 8000).Fault(Party.Coordinator("n1"), FaultKind.Dead, 40, 7000)));

    [Fact]
    public void CoordinatorDead_WithTheLinkUp_IsNoExcuse() => Assert.Single(Check(Stopped(9000).Completed(200).Fault(Party.Coordinator("n1"), FaultKind.Dead, 40, 8000)));

    [Fact]
    public void SourceQemuDead_BeforeCompletion_IsAnExcuseForEver() => Assert.Empty(Check(
        new MigrationHistory().Prepared().Runs(AtSource, 1, 100, processEnded: true).Fault(Party.Qemu(AtSource), FaultKind.Dead, 100).Seen(90_000, MigrationPhase.Failed)));

    [Fact]
    public void SlowParty_IsNoExcuse() => Assert.Single(Check(Stopped(9000).Fault(Party.Agent(A), FaultKind.Slowed, 50, 9000)));

    [Fact]
    public void Guest_PausedByItsUser_MayStandStill() => Assert.Empty(Check(
        new MigrationHistory().Runs(AtSource, 1, 100).Add(new GuestIntended(Micros(99), Vm, GuestIntent.Rest, "paused by its user")).Seen(9000, MigrationPhase.Failed)));

    [Fact]
    public void Guest_WantedAgain_StandsStillFromThere()
    {
        MigrationHistory history = new MigrationHistory().Runs(AtSource, 1, 100)
            .Add(new GuestIntended(Micros(99), Vm, GuestIntent.Rest, "paused by its user"))
            .Add(new GuestIntended(Micros(5000), Vm, GuestIntent.Run, "continued by its user"));
        Assert.Empty(Check(history.Runs(AtSource, 8000, 8001).Runs(AtSource, 8002)));
    }
}
