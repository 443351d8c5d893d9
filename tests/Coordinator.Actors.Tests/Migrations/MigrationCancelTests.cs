using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>Cancel is legal in every phase, and what became of it is told by the end: the guest is whole on exactly one host.</summary>
public sealed class MigrationCancelTests : MigrationKit
{
    /// <summary>The shortest deadlines that are allowed; for phases that are reached through one.</summary>
    private static PolicyChoice Hasty => Policy with { IterateDeadlineMs = 1_000, SwitchoverDeadlineMs = 100 };

    /// <summary>Grows with the enumeration: a new phase needs its case below.</summary>
    public static TheoryData<MigrationPhase> Phases => [.. Enum.GetValues<MigrationPhase>().Except([MigrationPhase.Pending, MigrationPhase.Scheduling])];

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task Cancel_InAnyPhase_EndsWithOneWholeGuest(MigrationPhase phase)
    {
        await StartVm();
        (AnswerKind answered, MigrationPhase[] ends, int running) = await Reach(phase);
        await Phase(phase);

        VmAnswer cancelled = await Cancel();
        World.Release();
        Api.Migration ended = await Terminal();

        Assert.Equal(answered, cancelled.Kind);
        Assert.Contains(Enum.Parse<MigrationPhase>(ended.Phase), ends);
        string expectedHost = ended.Phase switch
        {
            "Succeeded" => "host-b",
            "Lost" => "",
            _ => "host-a",
        };
        Assert.Equal(expectedHost, (await Machine()).Host);
        await AssertSound(running);
    }

    [Fact]
    public async Task CancelTwice_IsAcceptedTwiceAndJournalledOnce()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        World.Lost.Add(Step.CommandOneofCase.Cancel);
        await Migrate();
        await Phase(MigrationPhase.Iterating);

        VmAnswer[] answers = [await Cancel("a"), await Cancel("b")];
        World.Lost.Clear();

        Assert.All(answers, a => Assert.Equal(AnswerKind.Accepted, a.Kind));
        Assert.Equal("Cancelled", (await Terminal()).Phase);
        Assert.Single(EventNames, "CancelRequested");
        await AssertSound();
    }

    [Fact]
    public async Task CancelThatOvertakesTheStart_LeavesATombstone()
    {
        await StartVm();
        World.Lost.Add(Step.CommandOneofCase.Start);
        await Migrate();
        await Phase(MigrationPhase.Iterating);

        await Cancel();

        Assert.Equal("Cancelled", (await Terminal()).Phase);
        Assert.Equal(1, World.A.Source.Records.Tombstone.Value);
        await AssertSound();
    }

    [Fact]
    public async Task CancelWithoutAMigration_IsNotFound()
    {
        await StartVm();

        Assert.Equal(AnswerKind.NotFound, (await Cancel()).Kind);
    }

    [Theory]
    [InlineData(MigrationPhase.Pending)]
    [InlineData(MigrationPhase.Scheduling)]
    public void CancelBeforeAnythingWasStarted_EndsAtOnce(MigrationPhase phase)
    {
        // The entity passes these two phases within one write; a client meets them only behind the debt of an older attempt.
        Guid id = Guid.NewGuid();
        LaunchId launch = new(Guid.NewGuid());
        List<VmEvent> events =
        [
            new VmEvent.VmStartOrdered(new RequestId("s"), new HostName("host-a"), launch, "name: web-1"),
            new VmEvent.VmResident(new HostName("host-a"), launch),
            new VmEvent.MigrationRequested(new RequestId("m"), id, new HostName("host-a"), launch, new HostName("host-b"), new()),
        ];
        if (phase == MigrationPhase.Scheduling)
        {
            events.Add(new VmEvent.MigrationScheduled(id));
        }

        VmEntity entity = events.Aggregate(new VmEntity(VmState.Initial), VmTransitions.Apply);
        Assert.Equal(phase, entity.State.Migration!.Phase);

        Domain.Handoff.Decision<VmReply, VmEvent> decision = VmDecisions.Decide(entity, new VmCommand.Cancel(new RequestId("c")));
        entity = decision.Events.Aggregate(entity, VmTransitions.Apply);

        Assert.Equal(VmReplyKind.Accepted, decision.Reply.Kind);
        Assert.Equal(MigrationPhase.Cancelled, Assert.IsType<VmEvent.MigrationEnded>(VmProgress.Next(entity)).Phase);
    }

    private async Task<(AnswerKind Answered, MigrationPhase[] Ends, int Running)> Reach(MigrationPhase phase)
    {
        switch (phase)
        {
            case MigrationPhase.PreparingDestination:
                World.B.Refuses[Step.CommandOneofCase.Prepare] = (StepOutcome.NotYet, "not observed yet");
                await Migrate();
                return (AnswerKind.Accepted, [MigrationPhase.Cancelled], 1);
            case MigrationPhase.Iterating:
                World.Held.Add(QemuStepKind.Converges);
                await Migrate();
                return (AnswerKind.Accepted, [MigrationPhase.Cancelled], 1);
            case MigrationPhase.Switchover:
                World.Held.Add(QemuStepKind.Loads);
                await Migrate();
                return (AnswerKind.Accepted, [MigrationPhase.Cancelled, MigrationPhase.Succeeded], 1);
            case MigrationPhase.Verifying:
                await Migrate(policy: Policy with { VerifyMs = 1_500 });
                return (AnswerKind.Accepted, [MigrationPhase.Succeeded], 1);
            case MigrationPhase.Finishing:
                World.Lost.Add(Step.CommandOneofCase.EndSource);
                await Migrate();
                return (AnswerKind.Accepted, [MigrationPhase.Succeeded], 1);
            case MigrationPhase.RollingBack:
                World.B.Refuses[Step.CommandOneofCase.Prepare] = (StepOutcome.Rejected, "no memory");
                World.Lost.Add(Step.CommandOneofCase.CleanUp);
                await Migrate();
                return (AnswerKind.Accepted, [MigrationPhase.Cancelled], 1);
            case MigrationPhase.InDoubt:
                World.Held.Add(QemuStepKind.Loads);
                await Migrate(policy: Hasty);
                await Phase(MigrationPhase.Switchover);
                World.A.Unreachable = true;
                World.B.Unreachable = true;
                return (AnswerKind.Accepted, [MigrationPhase.Cancelled, MigrationPhase.Succeeded], 1);
            case MigrationPhase.Succeeded:
                await Migrate();
                return (AnswerKind.FailedPrecondition, [MigrationPhase.Succeeded], 1);
            case MigrationPhase.Cancelled:
                World.Held.Add(QemuStepKind.Converges);
                await Migrate();
                await Phase(MigrationPhase.Iterating);
                await Cancel("first");
                return (AnswerKind.FailedPrecondition, [MigrationPhase.Cancelled], 1);
            case MigrationPhase.Failed:
                World.B.Refuses[Step.CommandOneofCase.Prepare] = (StepOutcome.Rejected, "no memory");
                await Migrate();
                return (AnswerKind.FailedPrecondition, [MigrationPhase.Failed], 1);
            case MigrationPhase.Lost:
                World.Held.Add(QemuStepKind.Converges);
                await Migrate();
                await Phase(MigrationPhase.Iterating);
                World.KillSource();
                return (AnswerKind.FailedPrecondition, [MigrationPhase.Lost], 0);
            default:
                throw new InvalidOperationException($"no way to {phase} is known here");
        }
    }
}
