using Coordinator.Chaos.Laboratory;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Xunit.Abstractions;

namespace Coordinator.Chaos;

/// <summary>A coordinator that is about to journal a decision is stopped until another one has taken its VM over and finished the migration, and goes on then as if nothing had been.</summary>
[Collection(OneAtATime.Name)]
public sealed class PausedIncarnationTests(ITestOutputHelper output)
{
    private const string AboutToAuthorise = "coordinator.persist.switchover-authorized.before";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Incarnation_PausedUntilItsSuccessorHasFinished_NeitherRecordsNorActsAndOthersMigrateUndisturbed()
    {
        await using ChaosLab lab = await ChaosLab.StartAsync(coordinators: 2);
        string vm = ChaosLab.NewVm();
        string innocent = ChaosLab.NewVm();
        await lab.StartVmAsync(vm, memoryMib: 64);
        await lab.StartVmAsync(innocent, memoryMib: 64);

        long epoch = (await lab.Api.VmAsync(vm)).Epoch;

        // Stopped at the last moment before the authorisation is in the journal.
        HoldPoint[] holds = [.. lab.Deployment.Coordinators.Select(node => new HoldPoint(lab.FailpointsOf(node), AboutToAuthorise, vm))];
        await lab.Api.MigrateAsync(vm, Deployment.Beta, new MigrationPolicy { VerifyMs = 200 });
        await Eventually.BecomesTrue(() => holds.Any(hold => hold.IsReached), s_limit, "a coordinator to be about to authorise", lab.Deployment.Log);
        int owner = Array.FindIndex(holds, hold => hold.IsReached);
        Part paused = lab.Deployment.Coordinators[owner];
        paused.Freeze();
        holds[1 - owner].Dispose();

        // The other one takes the VM over, authorises and finishes.
        Migration ended = await lab.Api.EndAsync(vm);
        output.WriteLine(Story.Of(ended));
        Assert.Equal(("Succeeded", 1), (ended.Phase, ended.Attempt));
        Assert.Single(ended.Timeline, entry => entry.Event == "SwitchoverAuthorized");
        long successor = (await lab.Api.VmAsync(vm)).Epoch;
        Assert.True(successor > epoch, $"the epoch was {epoch} and is {successor}: nobody has taken the VM over\n{Story.Of(ended)}");

        // It wakes in the very act of writing what it had decided.
        string[] before = [.. ended.Timeline.Select(entry => $"{entry.Sequence} {entry.Event}")];
        paused.Thaw();
        holds[owner].Dispose();
        await lab.Api.MigrateAsync(innocent, Deployment.Beta, new MigrationPolicy { VerifyMs = 200 });
        Migration undisturbed = await lab.Api.EndAsync(innocent);
        output.WriteLine(Story.Of(undisturbed));
        Assert.Equal(("Succeeded", 1), (undisturbed.Phase, undisturbed.Attempt));

        // Replaced, it puts itself out, and its supervisor starts it again.
        await Eventually.BecomesTrue(() => !paused.IsRunning, s_limit, "the paused coordinator to put itself out", lab.Deployment.Log);
        await lab.RestoreAsync();
        Migration after = await lab.Api.MigrationAsync(vm, ended.Id);
        Assert.Equal(before, after.Timeline.Select(entry => $"{entry.Sequence} {entry.Event}"));
        Assert.Equal(("Resident", Deployment.Beta, "running"), await WhereAsync(lab, vm));
        Assert.Equal(("Resident", Deployment.Beta, "running"), await WhereAsync(lab, innocent));

        // By QEMU's own word: each ran once here and once there, and one process of each is left.
        foreach (string moved in new[] { vm, innocent })
        {
            Assert.Equal([Deployment.Alpha, Deployment.Beta], lab.Observer.Runs(moved).Select(run => run.Host));
            Assert.Single(lab.Observer.Of(moved), qemu => qemu.IsAlive);
        }
    }

    private static async Task<(string Residence, string Host, string RunState)> WhereAsync(ChaosLab lab, string vm) =>
        await lab.Api.VmAsync(vm) is { } there ? (there.Residence, there.Host, there.RunState) : default;
}
