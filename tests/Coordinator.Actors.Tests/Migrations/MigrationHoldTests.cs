using Akka.Actor;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

public sealed class MigrationHoldTests : MigrationKit
{
    private const string Sentence = "all migrations are held by ann since 1970-01-01 00:00:00 UTC: switch upgrade; 'coordctl hold off' ends it";

    [Fact]
    public async Task NewMigration_WhileHeld_IsRefusedWithWhoWhenAndWhy()
    {
        await StartVm();
        Hold(true);

        VmAnswer refused = await Migrate();

        Assert.Equal((AnswerKind.FailedPrecondition, Sentence), (refused.Kind, refused.Message));
        Assert.DoesNotContain("MigrationRequested", EventNames);
        Assert.Equal(1, await Sample("coordinator_refusals_total{kind=\"held\"}"));
        Hold(false);
        Assert.Equal(AnswerKind.Accepted, (await Migrate()).Kind);
        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task AcceptedRequest_RepeatedWhileHeld_GetsItsResult()
    {
        await StartVm();
        await Migrate();
        await Terminal();
        Hold(true);

        Assert.Equal(AnswerKind.Accepted, (await Migrate()).Kind);
    }

    [Fact]
    public async Task AuthorisedMigration_GoesOnThoughHeld()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);
        Hold(true);
        World.Release();

        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task SecondAttempt_WhileHeld_IsNotOpened()
    {
        await StartVm();
        World.Rings.LoadIsWrong = true;
        World.Held.Add(QemuStepKind.Loads);
        await Migrate(policy: Policy with { MaxAttempts = 2 });
        await Phase(MigrationPhase.Switchover);
        Hold(true);
        World.Release();
        Api.Migration waiting = await Phase(MigrationPhase.Scheduling);
        Assert.Equal(1, waiting.Attempt);

        World.Rings.LoadIsWrong = false;
        Hold(false);

        Assert.Equal(("Succeeded", 2), ((await Terminal()).Phase, (await Migration()).Attempt));
        await AssertSound();
    }

    [Fact]
    public async Task Cancel_WhileHeld_IsCarriedOut()
    {
        await StartVm();
        World.Lost.Add(AgentProtocol.Step.CommandOneofCase.Rehearse);
        await Migrate();
        await Eventually(() => Task.FromResult(EventNames.Contains("DestinationPrepared")), "the destination is prepared");
        Hold(true);

        await Cancel();

        Assert.Equal("Cancelled", (await Terminal()).Phase);
        await AssertSound();
    }
}
