using Akka.Actor;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>
/// The entity dies at every write of a migration, before and after it was stored, and at every step between them: the end is always the same.
/// </summary>
public sealed class MigrationCrashTests : MigrationKit
{
    /// <summary>More than a migration takes; the test says when it is not.</summary>
    private const int MaxWrites = 20;

    public static TheoryData<int, bool> Writes
    {
        get
        {
            TheoryData<int, bool> data = [];
            for (int write = 1; write <= MaxWrites; write++)
            {
                data.Add(write, false);
                data.Add(write, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task EntityThatDiesAtAWrite_ComesToTheSameEnd(int write, bool stored)
    {
        Journal.LoseWrite = stored ? 0 : write;
        Journal.LoseAnswerOfWrite = stored ? write : 0;

        await StartVm();
        await Migrate();
        Api.Migration ended = await Terminal();

        Assert.Equal(("Succeeded", "Verified", "host-b"), (ended.Phase, ended.Verdict, (await Machine()).Host));
        Assert.Single(EventNames, "MigrationRequested");
        Assert.Single(EventNames, "GuestRunsAtDestination");
        Assert.Single(EventNames, "MigrationEnded");
        await AssertSound();
    }

    [Fact]
    public async Task Writes_OfAMigration_AreFewerThanTheTestKillsAt()
    {
        await StartVm();
        await Migrate();
        await Terminal();

        Assert.InRange(Journal.Writes, 5, MaxWrites);
    }

    [Theory]
    [InlineData(QemuStepKind.Connects)]
    [InlineData(QemuStepKind.Converges)]
    [InlineData(QemuStepKind.DeviceStateSent)]
    [InlineData(QemuStepKind.Loads)]
    [InlineData(QemuStepKind.Acknowledges)]
    [InlineData(QemuStepKind.Completes)]
    public async Task EntityThatDiesWhileQemuIsAt_ComesToTheSameEnd(QemuStepKind at)
    {
        await StartVm();
        World.Held.Add(at);
        await Migrate();
        await Phase(MigrationPhase.Iterating, MigrationPhase.Switchover);
        long epoch = World.A.Floor.Epoch.Value;

        Region.Tell(new FakeRegion.KillEntity());
        await Eventually(() => Task.FromResult(World.A.Floor.Epoch.Value > epoch && World.B.Floor.Epoch.Value > epoch), "the next life has fenced both hosts");
        World.Release();

        Assert.Equal(("Succeeded", "Verified"), ((await Terminal()).Phase, (await Migration()).Verdict));
        Assert.Single(World.A.Steps.Where(s => s.Start is not null).Select(s => s.Start.Attempt).Distinct());
        await AssertSound();
    }

    [Fact]
    public async Task EntityHandedOver_ComesToTheSameEnd()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);

        Region.Tell(new FakeRegion.HandOff());
        World.Release();

        Assert.Equal("Verified", (await Terminal()).Verdict);
        await AssertSound();
    }

    [Theory]
    [InlineData("host-a")]
    [InlineData("host-b")]
    public async Task AgentThatRestarts_IsAskedAnewAndTheEndIsTheSame(string host)
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        await Migrate();
        await Phase(MigrationPhase.Iterating);

        World.Change(w => (host == "host-a" ? w.A : w.B).Restart());
        World.Release();

        Assert.Equal("Verified", (await Terminal()).Verdict);
        await AssertSound();
    }

    [Fact]
    public async Task ReportsTwiceAndOldOnesAgain_ComeToTheSameEnd()
    {
        World.Disorderly = true;
        await StartVm();
        await Migrate();

        Api.Migration ended = await Terminal();

        Assert.Equal(("Succeeded", "Verified"), (ended.Phase, ended.Verdict));
        // One pass, and the sums of the stream.
        Assert.Equal(2, EventNames.Count(name => name == "IterationCompleted"));
        Assert.Single(EventNames, "RehearsalCompleted");
        await AssertSound();
    }

    [Fact]
    public async Task LostSteps_AreSentAgain()
    {
        await StartVm();
        World.Lost.Add(AgentProtocol.Step.CommandOneofCase.Prepare);
        await Migrate();
        await Phase(MigrationPhase.PreparingDestination);

        World.Lost.Clear();

        Assert.Equal("Verified", (await Terminal()).Verdict);
        await AssertSound();
    }

    [Fact]
    public async Task StaleIncarnation_CannotRecordAnythingAndDies()
    {
        await StartVm();
        IActorRef stale = Sys.ActorOf(EntityProps, "stale");
        Watch(stale);
        await Eventually(() => Task.FromResult(World.A.Floor.Epoch.Value >= 2), "the second incarnation has claimed an epoch of its own");

        // Now the first one, in the region, is the stale one: its next write is refused, it starts again, and claims a greater epoch.
        await Migrate();
        Api.Migration ended = await Terminal();

        Assert.Equal(("Succeeded", "Verified"), (ended.Phase, ended.Verdict));
        await Eventually(async () => await Fenced(stale), "the other one is refused at its next write");
        await AssertSound();
    }

    [Fact]
    public async Task AgentThatObeysAGreaterEpoch_IsClaimedAboveIt()
    {
        await StartVm();
        World.Change(w => w.B.Floor = new Domain.Handoff.CommandFloor(new Domain.Epoch(40), new Domain.IncarnationId(Guid.NewGuid())));

        await Migrate();

        Assert.Equal("Verified", (await Terminal()).Verdict);
        Assert.True((await Machine()).Epoch > 40);
        await AssertSound();
    }

    private async Task<bool> Fenced(IActorRef stale)
    {
        stale.Tell(new CancelMigration(FakeWorld.Vm, "late-cancel", ""));
        stale.Tell(new StopVirtualMachine(FakeWorld.Vm, "late-stop"));
        await Task.Yield();
        return HasMessages && ReceiveOne(TimeSpan.Zero) is Terminated;
    }
}
