using Coordinator.AgentProtocol;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

public sealed class MigrationDeadlineTests : MigrationKit
{
    [Fact]
    public async Task PreparationThatTakesTooLong_FailsAndLeavesTheGuest()
    {
        await StartVm();
        World.Lost.Add(Step.CommandOneofCase.Prepare);
        await Migrate(policy: Policy with { PrepareDeadlineMs = 1_000 });

        Api.Migration ended = await Terminal();

        Assert.Equal("Failed", ended.Phase);
        Assert.Contains("preparation took longer than its deadline", ended.Reason, StringComparison.Ordinal);
        await AssertSound();
    }

    [Fact]
    public async Task CopyingThatDoesNotConverge_IsTakenBack()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        await Migrate(policy: Policy with { IterateDeadlineMs = 1_000 });

        Api.Migration ended = await Terminal();

        Assert.Equal("Failed", ended.Phase);
        Assert.Contains("Iterating took longer than its deadline", ended.Reason, StringComparison.Ordinal);
        Assert.Contains("PhaseTimedOut", EventNames);
        Assert.Equal("host-a", (await Machine()).Host);
        await AssertSound();
    }

    [Fact]
    public async Task AttemptThatFails_IsFollowedByAnotherIfThePolicySaysSo()
    {
        await StartVm();
        World.Rings.LoadIsWrong = true;
        World.Held.Add(QemuStepKind.Loads);
        await Migrate(policy: Policy with { MaxAttempts = 2 });
        await Phase(MigrationPhase.Switchover);
        World.Lost.Add(Step.CommandOneofCase.Prepare);
        World.Change(w => w.Held.Clear());
        await Eventually(async () => (await Migration()).Attempt == 2, "a second attempt is opened");

        World.Rings.LoadIsWrong = false;
        World.Release();
        Api.Migration ended = await Terminal();

        Assert.Equal(("Succeeded", "Verified", 2), (ended.Phase, ended.Verdict, ended.Attempt));
        Assert.Contains(ended.Timeline, t => t.Event == "GateRefused");
        await AssertSound();
    }

    [Fact]
    public async Task BothHostsSilentInTheSwitchover_IsADoubtThatLaterEvidenceEnds()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Loads);
        await Migrate(policy: Policy with { SwitchoverDeadlineMs = 100, IterateDeadlineMs = 1_000 });
        await Phase(MigrationPhase.Switchover);
        World.A.Unreachable = true;
        World.B.Unreachable = true;

        Api.Migration doubt = await Phase(MigrationPhase.InDoubt);
        Assert.Contains("source host-a is Switching", doubt.Reason, StringComparison.Ordinal);
        World.Release();

        Assert.True((await Terminal()).Terminal);
        await AssertSound();
    }

    [Fact]
    public async Task ReportsThatWereLost_AreAskedForAgain()
    {
        // Nothing is outstanding while memory is copied, so nothing but the wish for a fresh report finds out that the guest has moved.
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);
        await Eventually(() => Task.FromResult(World.A.Source.Attempt.Value == 1), "the start has arrived");
        World.Entity = null;
        World.Release();
        World.Entity = Region;

        Assert.Equal("Verified", (await Terminal()).Verdict);
        await AssertSound();
    }
}
