using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>What is refused before the guest is touched, each with a sentence that says what stands in the way.</summary>
public sealed class MigrationRefusalTests : MigrationKit
{
    [Fact]
    public async Task UnknownHost_IsNotFound()
    {
        await StartVm();

        await AssertRefused(await Migrate("host-z"), AnswerKind.NotFound, "host 'host-z' is unknown");
    }

    [Fact]
    public async Task TheSourceItself_IsAFailedPrecondition()
    {
        await StartVm();

        await AssertRefused(await Migrate("host-a"), AnswerKind.FailedPrecondition, "already runs on host-a");
    }

    [Fact]
    public async Task UnknownVm_IsNotFoundAndLeavesNoTrace()
    {
        StartRegion();

        VmAnswer migrate = await Migrate();
        VmAnswer get = await Insist(new GetVm(FakeWorld.Vm, ""));

        Assert.Equal((AnswerKind.NotFound, AnswerKind.NotFound), (migrate.Kind, get.Kind));
        Assert.Empty(Journal.Records);
    }

    [Fact]
    public async Task VmThatIsMigrating_IsAFailedPreconditionNamingTheMigration()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        VmAnswer first = await Migrate();
        await Phase(MigrationPhase.Iterating);

        VmAnswer second = await Migrate(request: "move-2");

        Assert.Equal(AnswerKind.FailedPrecondition, second.Kind);
        Assert.Contains(first.MigrationId, second.Message, StringComparison.Ordinal);
        World.Release();
        Assert.Equal("Succeeded", (await Terminal()).Phase);
        await AssertSound();
    }

    [Fact]
    public async Task PolicyOutOfRange_IsInvalidNamingFieldValueAndRange()
    {
        await StartVm();

        VmAnswer answer = await Migrate(policy: Policy with { DowntimeLimitMs = 0 });

        await AssertRefused(answer, AnswerKind.InvalidArgument, "downtimeLimitMs '0' is not allowed: 1 to 2000000");
    }

    [Fact]
    public async Task ForbiddenRequestId_IsInvalid()
    {
        await StartVm();

        await AssertRefused(await Migrate(request: "with space"), AnswerKind.InvalidArgument, "request id");
    }

    [Theory]
    [InlineData("queues", "net0: the device has 3 queues on the source and 1 on the destination; give the guest the same devices on both hosts")]
    [InlineData("size", "offers 256 entries on the source and 512 on the destination")]
    [InlineData("device", "net0: the destination does not have this device")]
    [InlineData("features", "net0: the guest uses features that the destination's device does not offer: VIRTIO_NET_F_MQ")]
    [InlineData("machine", "the machine type is 'pc-q35-7.2' on the source and 'pc-q35-10.0' on the destination")]
    public async Task DifferentLayout_FailsNamingTheDifference(string what, string sentence)
    {
        switch (what)
        {
            case "queues":
                World.Rings.DestinationQueues = 1;
                break;
            case "size":
                World.Rings.DestinationDefaultSize = 512;
                break;
            case "device":
                World.Rings.DestinationHasDevice = false;
                break;
            case "features":
                World.Rings.DestinationFeatures.Remove("VIRTIO_NET_F_MQ");
                break;
            default:
                World.Rings.DestinationMachine = "pc-q35-10.0";
                break;
        }

        await StartVm();
        await Migrate();

        await AssertFailedUntouched(sentence);
    }

    [Theory]
    [InlineData(Step.CommandOneofCase.Prepare, "host-b cannot take the guest: 128 MiB are free and the guest needs 4096")]
    [InlineData(Step.CommandOneofCase.Rehearse, "host-a cannot rehearse the handoff: 128 MiB are free and the guest needs 4096")]
    [InlineData(Step.CommandOneofCase.Start, "host-a refused to start: 128 MiB are free and the guest needs 4096")]
    public async Task StepThatAnAgentRejects_FailsWithTheAgentsReason(Step.CommandOneofCase step, string sentence)
    {
        await StartVm();
        (StepOutcome, string) refusal = (StepOutcome.Rejected, "128 MiB are free and the guest needs 4096");
        World.A.Refuses[step] = refusal;
        World.B.Refuses[step] = refusal;
        await Migrate();

        await AssertFailedUntouched(sentence);
    }

    [Fact]
    public async Task RehearsalOverItsBudget_IsRefusedByPolicy()
    {
        await StartVm();
        await Migrate(policy: Policy with { RehearsalBudgetMs = 1, RefuseOverBudget = true });

        await AssertFailedUntouched("took 1.3 ms and its budget is 1 ms");
    }

    [Fact]
    public async Task RehearsalOverItsBudget_IsOnlyAWarningByDefault()
    {
        await StartVm();
        await Migrate(policy: Policy with { RehearsalBudgetMs = 1 });

        Assert.Equal("Succeeded", (await Terminal()).Phase);
    }

    [Fact]
    public async Task LaunchThatAnAgentRejects_LeavesTheVmAbsentWithItsReason()
    {
        StartRegion();
        World.A.Refuses[Step.CommandOneofCase.Launch] = (StepOutcome.Rejected, "line 3: unknown key 'cpus'");

        await Insist(new StartVirtualMachine(FakeWorld.Vm, "start-1", "host-a", "name: web-1"));

        await Eventually(async () => (await Machine()).Residence == "Absent", "the start is refused");
        Assert.Equal("host-a: line 3: unknown key 'cpus'", (await Machine()).Message);
        await AssertSound(running: 0);
    }

    [Fact]
    public async Task StartOfAVmThatRuns_IsRefused()
    {
        await StartVm();

        VmAnswer again = await Insist(new StartVirtualMachine(FakeWorld.Vm, "start-2", "host-b", "name: web-1"));

        await AssertRefused(again, AnswerKind.FailedPrecondition, "a second copy is not started");
    }

    private async Task AssertRefused(VmAnswer answer, AnswerKind kind, string sentence)
    {
        Assert.Equal(kind, answer.Kind);
        Assert.Contains(sentence, answer.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("MigrationRequested", EventNames);
        await AssertSound();
    }

    private async Task AssertFailedUntouched(string sentence)
    {
        Api.Migration ended = await Terminal();
        Assert.Equal(("Failed", ""), (ended.Phase, ended.Verdict));
        Assert.Contains(sentence, ended.Reason, StringComparison.Ordinal);
        Assert.Equal(("host-a", "running"), ((await Machine()).Host, (await Machine()).RunState));
        Assert.DoesNotContain("SwitchoverEntered", EventNames);
        await AssertSound();
    }
}
