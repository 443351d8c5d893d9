using Coordinator.Contracts.Api;
using Coordinator.Lab.Deployments;
using Coordinator.EndToEnd.Guests;
using Coordinator.Lab.Guests;
using Grpc.Core;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>What is refused before a guest is touched, each time with a sentence that names what was wrong and what to do.</summary>
[Collection(OneAtATime.Name)]
public sealed class RefusalTests(ITestOutputHelper output)
{
    private const string Vm = "vm-1";

    [Fact]
    public async Task Request_ThatCannotBeCarriedOut_IsRefusedWithASentenceAndTheGuestRunsOn()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        Api api = deployment.Api;
        VirtualMachine before = await api.StartVmAsync(Deployment.Alpha, Definitions.Empty(Vm));

        await RefusedAsync(StatusCode.NotFound, "host 'gamma' is unknown: no agent of that name has connected", () => api.MigrateAsync(Vm, "gamma"));
        await RefusedAsync(StatusCode.FailedPrecondition, "already runs on alpha; choose another host", () => api.MigrateAsync(Vm, Deployment.Alpha));
        await RefusedAsync(StatusCode.NotFound, "start it with 'coordctl vm start'", () => api.MigrateAsync("nobody", Deployment.Beta));
        await RefusedAsync(
            StatusCode.InvalidArgument, "downtimeLimitMs", () => api.MigrateAsync(Vm, Deployment.Beta, new MigrationPolicy { DowntimeLimitMs = 0 }));
        await RefusedAsync(
            StatusCode.InvalidArgument, "bandwidthBytesPerSec", () => api.MigrateAsync(Vm, Deployment.Beta, new MigrationPolicy { BandwidthBytesPerSec = 1 }));
        await RefusedAsync(StatusCode.InvalidArgument, "YAML; line 2, column 1", () => api.StartVmAsync(Deployment.Alpha, "name: [unclosed"));
        await RefusedAsync(StatusCode.FailedPrecondition, "args", () => api.StartVmAsync(Deployment.Alpha, "name: half\nuuid: 6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5c\nargs: {}\n"));
        await RefusedAsync(StatusCode.FailedPrecondition, "a second copy is not started", () => api.StartVmAsync(Deployment.Beta, Definitions.Empty(Vm)));

        VirtualMachine after = await api.VmAsync(Vm);
        Assert.Equal((before.Host, before.Pid, before.LaunchId, "running"), (after.Host, after.Pid, after.LaunchId, after.RunState));
        Assert.Equal("", after.MigrationId);
    }

    [Fact]
    public async Task SecondMigration_WhileOneRuns_IsRefusedAndTheFirstCanBeCancelled()
    {
        await using Deployment deployment = await Deployment.StartAsync();
        Api api = deployment.Api;
        (VirtualMachine before, _) = await SlowGuest.StartAsync(deployment);
        await api.MigrateAsync(SlowGuest.Name, Deployment.Beta, SlowGuest.Policy());
        await api.MigrationAsync(SlowGuest.Name, migration => migration.Phase == "Iterating", "the migration to iterate");

        await RefusedAsync(StatusCode.FailedPrecondition, "already migrating to beta", () => api.MigrateAsync(SlowGuest.Name, Deployment.Beta));
        await RefusedAsync(StatusCode.FailedPrecondition, "cancel the migration first", () => api.StopVmAsync(SlowGuest.Name));
        await api.CancelAsync(SlowGuest.Name);
        Migration ended = await api.EndAsync(SlowGuest.Name);

        output.WriteLine(Story.Of(ended));
        Assert.True(ended.Phase == "Cancelled", $"{Story.Of(ended)}\n{deployment.Log()}");
        VirtualMachine after = await api.VmAsync(SlowGuest.Name);
        Assert.Equal((Deployment.Alpha, before.Pid, "running"), (after.Host, after.Pid, after.RunState));
    }

    [Fact]
    public async Task Destination_WithoutQemu_IsRefusedAndTheGuestRunsOn()
    {
        await using Deployment deployment = await Deployment.StartAsync(betaQemu: "/nowhere/qemu-system-x86_64");
        VirtualMachine before = await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Empty(Vm));

        await deployment.Api.MigrateAsync(Vm, Deployment.Beta);
        Migration ended = await deployment.Api.EndAsync(Vm);

        output.WriteLine(ended.Reason);
        Assert.True(ended.Phase == "Failed", $"{Story.Of(ended)}\n{deployment.Log()}");
        Assert.Contains("beta", ended.Reason, StringComparison.Ordinal);
        Assert.Contains("/nowhere/qemu-system-x86_64", ended.Reason, StringComparison.Ordinal);
        VirtualMachine after = await deployment.Api.VmAsync(Vm);
        Assert.Equal((Deployment.Alpha, before.Pid, "running"), (after.Host, after.Pid, after.RunState));
    }

    private async Task RefusedAsync<T>(StatusCode status, string sentence, Func<Task<T>> request)
    {
        RpcException refused = await Assert.ThrowsAsync<RpcException>(request);
        output.WriteLine($"{refused.StatusCode}: {refused.Status.Detail}");
        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(sentence, refused.Status.Detail, StringComparison.Ordinal);
    }
}
