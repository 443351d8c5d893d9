using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>Doubts that no agent can settle, and what persons may do about them.</summary>
public sealed class MigrationDoubtTests : DoubtKit
{
    [Fact]
    public async Task DestinationThatDiedWithItsGrant_IsADoubtAtOnce_AndTheSourceGoesOnByAPersonsWord()
    {
        await StartVm();
        World.HoldsContinue = true;
        await Migrate();
        await Eventually(() => Task.FromResult(World.B.Destination.Stage == Domain.Handoff.DestinationStage.Granted), "the register says run");
        World.Change(w => w.B.Restart());
        World.KillDestination();

        Api.Migration doubt = await Phase(MigrationPhase.InDoubt);
        Assert.Contains("destination host-b is LostAfterRun", doubt.Reason, StringComparison.Ordinal);
        Assert.Equal(["Lost", "KeepSource"], doubt.Doubt.Choices.Where(c => c.Refusal.Length == 0).Select(c => c.Name));
        await Keep("vda");

        Assert.Equal("Failed", (await Terminal()).Phase);
        await AssertSound();
    }

    [Fact]
    public async Task DestinationOffAfterTheLoad_TheSourceGoesOnOnlyByAPersonsWord()
    {
        await DoubtWithout(World.B);

        Refused(await Keep("vda"), "host-b reported last that the destination is Loaded; if the host is off, prove it with 'coordctl fence'");
        Refused(await Off("host-c"), "'host-c' has no part in it");
        Refused(await Off("host-a"), "the agent of host-a is connected, so the host is not off");
        Assert.Equal(AnswerKind.Accepted, (await Off("host-b")).Kind);
        Refused(await Keep(), "name the disks that may be rewound");
        Refused(await Resolve("RunDestination", ["none"]), "host-b is off, and the copy there with it");
        Assert.Equal((0, AnswerKind.Accepted), (World.Running, (await Keep("vda")).Kind));
        Api.Migration ended = await TerminalButFor("host-b");

        Assert.Equal("Failed", ended.Phase);
        Assert.Contains("by the word of ann: the rack has no power; disks that may be rewound: vda", ended.Reason, StringComparison.Ordinal);
        Assert.Equal("host-a", (await Machine()).Host);
        await AssertSound();
    }

    [Fact]
    public async Task SourceOffAfterItsCompletion_TheCopyIsReleasedFromItsRecord()
    {
        await SourceOff();
        Api.Migration doubt = await Migration();
        Assert.Equal(["Lost", "RunDestination", "ReleaseFromRecord"], doubt.Doubt.Choices.Where(c => c.Refusal.Length == 0).Select(c => c.Name));
        Refused(await Resolve("ReleaseFromRecord", [], attempt: 2), "the record is of attempt 2");
        Refused(await Resolve("ReleaseFromRecord", []), "record of the attempt is missing");
        Assert.Equal(AnswerKind.Accepted, (await Resolve("ReleaseFromRecord", [], attempt: 1)).Kind);
        Api.Migration ended = await TerminalButFor("host-a");

        Assert.Equal("Succeeded", ended.Phase);
        Assert.Equal("host-b", (await Machine()).Host);
        await AssertSound();
    }

    [Fact]
    public async Task ResolutionRepeated_IsTheSame_AndAnotherOneIsRefused()
    {
        await SourceOff();
        World.Lost.Add(AgentProtocol.Step.CommandOneofCase.RunDestination);
        Assert.Equal(AnswerKind.Accepted, (await Resolve("RunDestination", ["none"])).Kind);

        Assert.Equal((AnswerKind.Accepted, "this was recorded before"), await Resolve("RunDestination", ["none"]) is var again ? (again.Kind, again.Message) : default);
        Refused(await Resolve("Lost", []), "was resolved before as RunDestination (ann: the rack has no power)");
        World.Lost.Clear();

        Assert.Equal("Succeeded", (await TerminalButFor("host-a")).Phase);
        await AssertSound();
    }

    [Fact]
    public async Task ResolutionThatIsNoLongerPossible_OpensTheDoubtAgain()
    {
        await SourceOff();
        World.B.Refuses[AgentProtocol.Step.CommandOneofCase.RunDestination] = (AgentProtocol.StepOutcome.Rejected, "no longer possible: the copy is Refusing");
        await Resolve("RunDestination", ["none"]);

        await Eventually(async () => (await Migration()).Timeline.Any(t => t.Event == "ResolutionFailed"), "the word cannot be carried out");
        Api.Migration open = await Migration();
        Assert.Equal(("InDoubt", ""), (open.Phase, open.Doubt.Resolution));
        Assert.Contains("host-b: no longer possible: the copy is Refusing", open.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BothHostsOff_TheGuestIsLostByAPersonsWord()
    {
        await SourceOff();
        World.SwitchOff(World.B);
        await Off("host-b");

        Assert.Equal(AnswerKind.Accepted, (await Resolve("Lost", [])).Kind);
        Api.Migration ended = await Terminal();

        Assert.Equal("Lost", ended.Phase);
        Assert.Contains("given up by the word of ann: the rack has no power", ended.Reason, StringComparison.Ordinal);
        await AssertSound(running: 0);
    }

    [Fact]
    public async Task HealthyMigration_CannotBeResolved()
    {
        await StartVm();
        World.Held.Add(Domain.QemuModel.QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);

        Refused(await Keep("vda"), "is Iterating and not in doubt");
        World.Release();
        await Terminal();
        Refused(await Keep("vda"), "has already ended: Succeeded");
        Refused(await Off("host-b"), "nothing of it depends on whether a host is off");
        VmAnswer odd = await Insist(new ResolveDoubt(FakeWorld.Vm, "r", 1, "Perhaps", "ann", "x", [], 0, Guid.Empty, []));
        Assert.Equal(AnswerKind.InvalidArgument, odd.Kind);
        Assert.Contains("Lost, KeepSource, RunDestination, ReleaseFromRecord", odd.Message, StringComparison.Ordinal);
    }
}
