using Akka.Actor;
using Coordinator.Actors.Tests.Migrations;
using Coordinator.AgentProtocol;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Virtqueues;

/// <summary>A queue's actor holds nothing that cannot be told it again: killing any of them, in any phase, changes nothing.</summary>
public sealed class VirtqueueDeathTests : MigrationKit
{
    private const int Queues = 3;

    public static TheoryData<MigrationPhase, int> Deaths
    {
        get
        {
            TheoryData<MigrationPhase, int> data = [];
            foreach (MigrationPhase phase in new[] { MigrationPhase.PreparingDestination, MigrationPhase.Iterating, MigrationPhase.Switchover, MigrationPhase.Verifying })
            {
                for (int queue = 1; queue <= Queues; queue++)
                {
                    data.Add(phase, queue);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task QueueActorKilled_InAnyPhase_ChangesNothing(MigrationPhase phase, int queue)
    {
        await StartVm();
        await Reach(phase);
        await Phase(phase);

        await Kill($"queue-{queue}");
        World.Release();
        Api.Migration ended = await Terminal();

        Assert.Equal(("Succeeded", "Verified"), (ended.Phase, ended.Verdict));
        Assert.Equal(Queues, ended.Queues.Count(q => q.Outcome == "Equal"));
        await AssertSound();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task QueueActorKilled_BeforeItIsReady_HoldsTheAuthorisationUntilItIsBack(int queue)
    {
        await StartVm();
        World.B.Refuses[Step.CommandOneofCase.Prepare] = (StepOutcome.NotYet, "not observed yet");
        await Migrate();
        await Kill($"queue-{queue}");

        World.Release();

        Assert.Equal("Verified", (await Terminal()).Verdict);
        await AssertSound();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task QueueActorKilled_WhenTheGateRefuses_StillNamesTheQueue(int queue)
    {
        World.Rings.LoadIsWrong = true;
        World.Held.Add(QemuStepKind.Loads);
        await StartVm();
        await Migrate();
        await Phase(MigrationPhase.Switchover);

        await Kill($"queue-{queue}");
        World.Release();
        Api.Migration ended = await Terminal();

        Assert.Equal(("Failed", "Refused"), (ended.Phase, ended.Verdict));
        Assert.Equal("Mismatch", ended.Queues.Single(q => q.Name == "tx0").Outcome);
        await AssertSound();
    }

    [Fact]
    public async Task QueueActorThatDiesAgainAndAgain_IsGivenUpAndTheVerdictSaysSo()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);
        int last = Queues;
        await Kill("queue-2");
        for (int death = 2; death <= 6; death++)
        {
            await Kill($"queue-{++last}");
        }

        World.Release();
        Api.Migration ended = await Terminal();

        Assert.Equal(("Succeeded", "Suspect"), (ended.Phase, ended.Verdict));
        Assert.Equal(Queues - 1, ended.Queues.Count(q => q.Outcome == "Equal"));
        await AssertSound();
    }

    private async Task Reach(MigrationPhase phase)
    {
        switch (phase)
        {
            case MigrationPhase.PreparingDestination:
                World.A.Refuses[Step.CommandOneofCase.Rehearse] = (StepOutcome.NotYet, "not observed yet");
                await Migrate();
                await Eventually(async () => (await Migration()).Queues.Count(q => q.Readiness == "Ready") == Queues, "all queues are ready");
                break;
            case MigrationPhase.Iterating:
                World.Held.Add(QemuStepKind.Converges);
                await Migrate();
                break;
            case MigrationPhase.Switchover:
                World.Held.Add(QemuStepKind.Loads);
                await Migrate();
                break;
            case MigrationPhase.Verifying:
                await Migrate(policy: Policy with { VerifyMs = 1_000 });
                break;
            default:
                throw new InvalidOperationException($"no way to {phase} is known here");
        }
    }

    private async Task Kill(string name)
    {
        IActorRef? queue = null;
        await Eventually(
            async () =>
            {
                ActorIdentity found = await Sys.ActorSelection($"/user/region/entity-0/{name}").Ask<ActorIdentity>(new Identify(0), TimeSpan.FromSeconds(5));
                queue = found.Subject;
                return queue is not null;
            },
            $"{name} lives");
        Watch(queue!);
        queue!.Tell(Akka.Actor.Kill.Instance);
        ExpectTerminated(queue);
    }
}
