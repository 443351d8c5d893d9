using Coordinator.Chaos.Cells;
using Coordinator.Chaos.Faults;
using Coordinator.Chaos.Laboratory;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Xunit.Abstractions;

namespace Coordinator.Chaos.Peers;

/// <summary>What users of KubeVirt and Nova reported, done to our parts.</summary>
[Collection(OneAtATime.Name)]
public sealed class KubeVirtTests(SharedLab lab, ITestOutputHelper output)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private static CellPlace AnsweringRunning => new("Switchover", "answer-running", Holder.DestinationAgent, "agent.answer.running");

    /// <summary>The source's pod crashes after the move and before it has reported it; there the healthy copy at the destination was deleted.</summary>
    [Fact]
    public async Task KubeVirt13112_SourceDiesAfterSuccessBeforeReporting_TheDestinationIsKept()
    {
        CellResult result = await RunAsync(new Cell(AnsweringRunning, Moment.Before, CellFault.KillSourceAgentAndQemu));

        Assert.Equal("Succeeded", result.Phase);
    }

    /// <summary>The source's copy runs on after the migration has succeeded; disks were corrupted.</summary>
    [Fact]
    public async Task KubeVirt15373And16622_ClaimOfSuccess_ComesAfterTheSourcesEnd()
    {
        ChaosLab chaos = await lab.FreshAsync();
        string vm = ChaosLab.NewVm();
        await chaos.StartVmAsync(vm, memoryMib: 64);
        using HoldPoint hold = new(chaos.FailpointsOf(chaos.SourceAgent), "agent.step.end-source.before", vm);
        await chaos.Api.MigrateAsync(vm, Deployment.Beta, new MigrationPolicy { VerifyMs = 200 });
        await hold.ReachedAsync(chaos.Deployment.Log);
        await chaos.Api.MigrationAsync(vm, migration => migration.Phase == "Finishing", "the end of the source to be all that is owed");

        // The guest has moved, its old copy stands there stopped, and nobody says "succeeded" yet.
        Assert.Equal(2, chaos.Observer.Of(vm).Count(qemu => qemu.IsAlive));
        Assert.Equal([Deployment.Beta], chaos.Observer.Runs(vm).Where(run => run.To is null).Select(run => run.Host));
        hold.Dispose();
        Migration ended = await chaos.Api.EndAsync(vm);

        Assert.Equal("Succeeded", ended.Phase);
        Assert.Equal([Deployment.Beta], chaos.Observer.Of(vm).Where(qemu => qemu.IsAlive).Select(qemu => qemu.Host));
    }

    /// <summary>A migration that hung in synchronising for ever, without a time-out and without an event.</summary>
    [Fact]
    public async Task KubeVirt17317_DestinationThatNeverAnswers_EndsAtItsDeadlineWithAReason()
    {
        ChaosLab chaos = await lab.FreshAsync();
        string vm = ChaosLab.NewVm();
        await chaos.StartVmAsync(vm, memoryMib: 64);
        using HoldPoint hold = new(chaos.FailpointsOf(chaos.DestinationAgent), "agent.step.prepare.before", vm);
        await chaos.Api.MigrateAsync(vm, Deployment.Beta, new MigrationPolicy { PrepareDeadlineMs = 1_000 });
        await hold.ReachedAsync(chaos.Deployment.Log);

        await chaos.Api.MigrationAsync(vm, migration => migration.Phase == "RollingBack", "the preparation's deadline to pass");
        hold.Dispose();
        Migration ended = await chaos.Api.EndAsync(vm);

        output.WriteLine(Story.Of(ended));
        Assert.Equal("Failed", ended.Phase);
        Assert.Contains("deadline", ended.Reason, StringComparison.Ordinal);
        Assert.Equal([Deployment.Alpha], chaos.Observer.Runs(vm).Select(run => run.Host));
        await Eventually.BecomesTrue(() => chaos.Observer.Of(vm).Count(qemu => qemu.IsAlive) == 1, s_limit, "the destination's QEMU to be gone", chaos.Deployment.Log);
    }

    /// <summary>The host's agent starts with an empty cache just after a good migration, calls the VM failed and undefines it.</summary>
    [Fact]
    public async Task KubeVirt18763_AgentsRestartedJustAfterSuccess_UndefineNothing()
    {
        ChaosLab chaos = await lab.FreshAsync();
        string vm = ChaosLab.NewVm();
        await chaos.StartVmAsync(vm, memoryMib: 64);
        await chaos.Api.MigrateAsync(vm, Deployment.Beta, new MigrationPolicy { VerifyMs = 200 });
        Migration ended = await chaos.Api.EndAsync(vm);
        Assert.Equal("Succeeded", ended.Phase);
        int pid = Assert.Single(chaos.Observer.Of(vm), qemu => qemu.IsAlive).Pid;

        await chaos.SourceAgent.KillAsync();
        await chaos.DestinationAgent.KillAsync();
        await chaos.RestoreAsync();

        await Eventually.Becomes(
            async () => await chaos.Api.VmAsync(vm) is { Residence: "Resident", Host: Deployment.Beta, RunState: "running" } there && there.Pid == pid ? there : null,
            s_limit, "the guest to be known again", chaos.Deployment.Log);
        Assert.Equal("Succeeded", (await chaos.Api.MigrationAsync(vm, ended.Id)).Phase);
        Assert.Null(Assert.Single(chaos.Observer.Runs(vm), run => run.Host == Deployment.Beta).To);
    }

    /// <summary>Nova aborts every running migration when its compute service restarts.</summary>
    [Fact]
    public async Task Nova_RestartOfTheSourcesService_TheMigrationIsAdopted()
    {
        CellResult result = await RunAsync(new Cell(CellPlace.MidCopy, Moment.After, CellFault.KillSourceAgent));

        Assert.Equal("Succeeded", result.Phase);
    }

    private async Task<CellResult> RunAsync(Cell cell)
    {
        CellResult result = await lab.RunAsync(cell);
        output.WriteLine($"{Matrix.Line(result)}\n{result.Story}\n{string.Join('\n', result.Runs)}");
        Assert.True(result.IsGood, $"{Matrix.Line(result)}\n{result.Story}\n{lab.Log}");
        return result;
    }
}
