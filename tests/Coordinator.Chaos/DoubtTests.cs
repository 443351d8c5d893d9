using System.Diagnostics;
using Coordinator.Chaos.Faults;
using Coordinator.Chaos.Laboratory;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Observers;
using Coordinator.Lab.Processes;
using Google.Protobuf;
using Grpc.Core;
using Xunit.Abstractions;

namespace Coordinator.Chaos;

/// <summary>Doubts that only a person can settle, with real QEMUs: what is refused, what is carried out, and that no second copy ever runs.</summary>
[Collection(OneAtATime.Name)]
public sealed class DoubtTests(SharedLab lab, ITestOutputHelper output)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private static readonly MigrationPolicy s_policy = new() { VerifyMs = 200, SwitchoverDeadlineMs = 1_000 };

    /// <summary>Register <c>run</c>, then the agent and its QEMU die: the guest may have run there, so its source is not continued by anybody but a person.</summary>
    [Fact]
    public async Task DestinationThatDiedWithItsGrant_StaysInDoubtUntilAPersonKeepsTheSource()
    {
        ChaosLab chaos = await lab.FreshAsync();
        string vm = ChaosLab.NewVm();
        VirtualMachine started = await chaos.StartVmAsync(vm, memoryMib: 64);
        using HoldPoint hold = new(chaos.FailpointsOf(chaos.DestinationAgent), "agent.destination.effect.continue-guest.before", vm);
        await chaos.Api.MigrateAsync(vm, Deployment.Beta, s_policy);
        await hold.ReachedAsync(chaos.Deployment.Log);
        await chaos.DestinationAgent.KillAsync();
        ProcessSignal.Kill(Assert.Single(chaos.Observer.Of(vm), qemu => qemu.IsAlive && qemu.Host == Deployment.Beta).Pid);
        hold.Dispose();
        await chaos.RestoreAsync();

        Migration doubt = await chaos.Api.MigrationAsync(vm, migration => migration.Phase == "InDoubt", "the doubt to be raised");
        output.WriteLine(Story.Of(doubt));
        Assert.Contains("LostAfterRun", doubt.Reason, StringComparison.Ordinal);
        Assert.Equal(["Lost", "KeepSource"], doubt.Doubt.Choices.Where(choice => choice.Refusal.Length == 0).Select(choice => choice.Name));
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => chaos.Api.ResolveAsync(vm, "RunDestination", record: null, "none"));
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.DoesNotContain(chaos.Observer.Runs(vm), run => run.To is null);

        await chaos.Api.ResolveAsync(vm, "KeepSource", record: null, "none");
        Migration ended = await chaos.Api.EndAsync(vm);

        Assert.Equal("Failed", ended.Phase);
        Assert.Contains("by the word of ann: looked at both hosts", ended.Reason, StringComparison.Ordinal);
        await RunsOnAsync(chaos, vm, Deployment.Alpha, started.Pid);
    }

    /// <summary>
    /// The source's host goes off after QEMU had completed and before its agent's word could leave it: the loaded copy is the last one, and it is released from what that agent
    /// had written down. The parity gate judges as ever.
    /// </summary>
    [Fact]
    public async Task SourceOffBeforeItsWordLeft_TheCopyIsReleasedFromItsRecord()
    {
        ChaosLab chaos = await lab.FreshAsync();
        string vm = ChaosLab.NewVm();
        await chaos.StartVmAsync(vm, memoryMib: 64);
        using HoldPoint word = new(chaos.FailpointsOf(chaos.SourceAgent), "agent.handoff.released.before", vm);
        using HoldPoint recorded = new(chaos.FailpointsOf(chaos.SourceAgent), "agent.source.persist.completion-recorded.after", vm);
        await chaos.Api.MigrateAsync(vm, Deployment.Beta, new MigrationPolicy { VerifyMs = 200, SwitchoverDeadlineMs = 60_000 });
        await word.ReachedAsync(chaos.Deployment.Log);
        chaos.Handoff.Mode = LinkMode.Swallowing;
        chaos.CoordinatorLinks[Deployment.Alpha].Mode = LinkMode.Cut;
        word.Dispose();
        await recorded.ReachedAsync(chaos.Deployment.Log);
        await chaos.SourceAgent.KillAsync();
        ProcessSignal.Kill(Assert.Single(chaos.Observer.Of(vm), qemu => qemu.IsAlive && qemu.Host == Deployment.Alpha).Pid);

        await Eventually.Becomes(
            async () => (await chaos.Api.HostsAsync()).Single(host => host.Name == Deployment.Alpha).Connected ? null : "", s_limit, "alpha to be missed", chaos.Deployment.Log);
        await chaos.Api.ProveHostOffAsync(vm, Deployment.Alpha);
        Migration doubt = await chaos.Api.MigrationAsync(vm, migration => migration.Phase == "InDoubt", "the doubt to be raised");
        Assert.Equal(["Lost", "RunDestination", "ReleaseFromRecord"], doubt.Doubt.Choices.Where(choice => choice.Refusal.Length == 0).Select(choice => choice.Name));
        Assert.DoesNotContain(chaos.Observer.Runs(vm), run => run.To is null);

        await chaos.Api.ResolveAsync(vm, "ReleaseFromRecord", await RecordAsync(chaos, vm));
        Migration ended = await chaos.Api.EndAsync(vm);

        output.WriteLine(Story.Of(ended));
        Assert.Equal(("Succeeded", "Verified"), (ended.Phase, ended.Verdict));
        await RunsOnAsync(chaos, vm, Deployment.Beta, Assert.Single(chaos.Observer.Of(vm), qemu => qemu.IsAlive).Pid);
    }

    private static async Task<ReleaseRecord> RecordAsync(ChaosLab chaos, string vm)
    {
        string state = Path.Combine(chaos.Deployment.Folder, Deployment.Alpha, "state");
        ProcessStartInfo read = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "coordinator-agent.dll"), "record", "--state", state, "--vm", vm])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(read)!;
        string json = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return JsonParser.Default.Parse<ReleaseRecord>(json);
    }

    private static async Task RunsOnAsync(ChaosLab chaos, string vm, string host, int pid)
    {
        await Eventually.Becomes(
            async () => await chaos.Api.VmAsync(vm) is { Residence: "Resident", RunState: "running" } there && there.Host == host && there.Pid == pid ? there : null,
            s_limit, $"{vm} to run on {host}", chaos.Deployment.Log);
        GuestRun[] runs = [.. chaos.Observer.Runs(vm).OrderBy(run => run.From)];
        Assert.Equal((host, pid), (runs[^1].Host, runs[^1].Pid));
        Assert.All(runs.Zip(runs.Skip(1)), pair => Assert.True(pair.Item1.To <= pair.Item2.From, $"{pair.Item1} and {pair.Item2} overlap"));
    }
}
