using Coordinator.Contracts.Api;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Processes;
using Grpc.Core;
using Xunit.Abstractions;

namespace Coordinator.EndToEnd;

/// <summary>What is refused before a guest is touched, each time with a sentence that names what was wrong and what to do.</summary>
[Collection(OneAtATime.Name)]
public sealed class RefusalTests(RefusalTests.Lab lab, ITestOutputHelper output) : IClassFixture<RefusalTests.Lab>, IAsyncLifetime
{
    private static int s_vms;

    private readonly string _vm = $"refused-{Interlocked.Increment(ref s_vms)}";

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Nothing is left of this test's guest for the next one.</summary>
    public Task DisposeAsync()
    {
        foreach (RunningQemu qemu in RunningQemu.OfGuest(_vm))
        {
            ProcessSignal.Kill(qemu.Identity.Pid);
        }

        return Task.CompletedTask;
    }

    [Fact]
    public async Task Request_ThatCannotBeCarriedOut_IsRefusedWithASentenceAndTheGuestRunsOn()
    {
        Deployment deployment = lab.Deployment;
        Api api = deployment.Api;
        VirtualMachine before = await api.StartVmAsync(Deployment.Alpha, Definitions.Empty(_vm));

        await RefusedAsync(StatusCode.NotFound, "host 'gamma' is unknown: no agent of that name has connected; see 'coordctl get hosts'", () => api.MigrateAsync(_vm, "gamma"));
        await RefusedAsync(StatusCode.FailedPrecondition, "already runs on alpha; choose another host", () => api.MigrateAsync(_vm, Deployment.Alpha));
        await RefusedAsync(StatusCode.NotFound, "start it with 'coordctl vm start'", () => api.MigrateAsync("nobody", Deployment.Beta));
        await RefusedAsync(
            StatusCode.InvalidArgument, "downtimeLimitMs '0' is not allowed: 1 to 2000000", () => api.MigrateAsync(_vm, Deployment.Beta, new MigrationPolicy { DowntimeLimitMs = 0 }));
        await RefusedAsync(
            StatusCode.InvalidArgument, "bandwidthBytesPerSec '1' is not allowed: 1048576 to", () => api.MigrateAsync(_vm, Deployment.Beta, new MigrationPolicy { BandwidthBytesPerSec = 1 }));
        await RefusedAsync(StatusCode.InvalidArgument, "YAML; line 2, column 1", () => api.StartVmAsync(Deployment.Alpha, "name: [unclosed"));
        await RefusedAsync(StatusCode.FailedPrecondition, "args", () => api.StartVmAsync(Deployment.Alpha, "name: half\nuuid: 6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5c\nargs: {}\n"));
        await RefusedAsync(StatusCode.FailedPrecondition, "a second copy is not started", () => api.StartVmAsync(Deployment.Beta, Definitions.Empty(_vm)));

        VirtualMachine after = await api.VmAsync(_vm);
        Assert.Equal((before.Host, before.Pid, before.LaunchId, "running"), (after.Host, after.Pid, after.LaunchId, after.RunState));
        Assert.Equal("", after.MigrationId);
    }

    [Fact]
    public async Task SecondMigration_WhileOneRuns_IsRefusedAndTheFirstCanBeCancelled()
    {
        Deployment deployment = lab.Deployment;
        Api api = deployment.Api;
        (VirtualMachine before, _) = await SlowGuest.StartAsync(deployment, name: _vm);
        await api.MigrateAsync(_vm, Deployment.Beta, SlowGuest.Policy());
        await api.MigrationAsync(_vm, migration => migration.Phase == "Iterating", "the migration to iterate");

        await RefusedAsync(StatusCode.FailedPrecondition, "wait for it or cancel it", () => api.MigrateAsync(_vm, Deployment.Beta));
        await RefusedAsync(StatusCode.FailedPrecondition, "cancel the migration first", () => api.StopVmAsync(_vm));
        await api.CancelAsync(_vm);
        Migration ended = await api.EndAsync(_vm);

        output.WriteLine(Story.Of(ended));
        Assert.True(ended.Phase == "Cancelled", $"{Story.Of(ended)}\n{deployment.Log()}");
        VirtualMachine after = await api.VmAsync(_vm);
        Assert.Equal((Deployment.Alpha, before.Pid, "running"), (after.Host, after.Pid, after.RunState));
    }

    [Fact]
    public async Task Destination_WithoutQemu_IsRefusedAndTheGuestRunsOn()
    {
        await using Deployment deployment = await Deployment.StartAsync(betaQemu: "/nowhere/qemu-system-x86_64");
        VirtualMachine before = await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Empty(_vm));

        await FailsAsync(deployment, before, "beta cannot take the guest: no QEMU at /nowhere/qemu-system-x86_64", "install it or name another binary");
    }

    /// <summary>A device is missing, has fewer queues, or smaller ones: what differs is in the definition's variables of each host.</summary>
    [Theory]
    [InlineData("rng1: the destination does not have this device ('virtio-rng')", "virtio-rng-pci,id=rng1", "edu")]
    [InlineData("blk0: the device has 2 queues on the source and 1 on the destination", "virtio-blk-pci,id=blk0,drive=d0,num-queues=2", "virtio-blk-pci,id=blk0,drive=d0,num-queues=1")]
    [InlineData("net0: rx0: the device offers 512 entries on the source and 256 on the destination", "virtio-net-pci,id=net0,netdev=n1,rx_queue_size=512,romfile=", "virtio-net-pci,id=net0,netdev=n1,romfile=")]
    public async Task Destination_WithAnotherLayout_IsRefusedAndTheGuestRunsOn(string sentence, string onAlpha, string onBeta)
    {
        Deployment deployment = lab.Deployment;
        VirtualMachine before = await deployment.Api.StartVmAsync(Deployment.Alpha, $"""
            name: {_vm}
            uuid: 6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b
            args: |
              -machine pc,accel=tcg -m 64 -nodefaults -display none -vga none -drive if=none,id=d0,driver=null-co,read-zeroes=on -netdev user,id=n1
              -device virtio-rng-pci,id=rng0,addr=9 -device ${"{"}differing{"}"},addr=0xa
            hosts:
              alpha: {"{"} differing: "{onAlpha}" {"}"}
              beta: {"{"} differing: "{onBeta}" {"}"}

            """);

        await FailsAsync(deployment, before, sentence, "give the guest the same devices on both hosts ('args' and the hosts' variables in its definition)");
    }

    [Fact]
    public async Task Destination_WithoutMemory_IsRefusedAndTheGuestRunsOn()
    {
        const int ReserveMib = 1 << 24;
        await using Deployment deployment = await Deployment.StartAsync(betaReserveMib: ReserveMib);
        VirtualMachine before = await deployment.Api.StartVmAsync(Deployment.Alpha, Definitions.Empty(_vm));

        await FailsAsync(deployment, before, $"beta cannot take the guest: VM {_vm} needs 64 MiB of memory here besides {ReserveMib} MiB that are kept free (memoryReserveMiB)", "free some, or choose another host");
    }

    /// <summary>It has an end that says why, and at that end the guest is the process that it was.</summary>
    private async Task FailsAsync(Deployment deployment, VirtualMachine before, params string[] sentences)
    {
        await deployment.Api.MigrateAsync(_vm, Deployment.Beta);
        Migration ended = await deployment.Api.EndAsync(_vm);

        output.WriteLine(ended.Reason);
        Assert.True(ended.Phase == "Failed", $"{Story.Of(ended)}\n{deployment.Log()}");
        Assert.All(sentences, sentence => Assert.Contains(sentence, ended.Reason, StringComparison.Ordinal));
        Assert.DoesNotContain("ended", ended.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(ended.Timeline, entry => entry.Event is "SwitchoverAuthorized" or "SwitchoverEntered");
        Assert.Empty(ended.Owed);
        VirtualMachine after = await deployment.Api.VmAsync(_vm);
        Assert.Equal((Deployment.Alpha, before.Pid, before.LaunchId, "running"), (after.Host, after.Pid, after.LaunchId, after.RunState));
        Assert.Equal(before.Pid, Assert.Single(RunningQemu.OfGuest(_vm)).Identity.Pid);
    }

    private async Task RefusedAsync<T>(StatusCode status, string sentence, Func<Task<T>> request)
    {
        RpcException refused = await Assert.ThrowsAsync<RpcException>(request);
        output.WriteLine($"{refused.StatusCode}: {refused.Status.Detail}");
        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(sentence, refused.Status.Detail, StringComparison.Ordinal);
    }

    /// <summary>One deployment for all that needs no other one: nothing is refused that is there already, and every test has a guest of its own.</summary>
    public sealed class Lab : IAsyncLifetime
    {
        internal Deployment Deployment { get; private set; } = null!;

        public async Task InitializeAsync() => Deployment = await Deployment.StartAsync();

        public async Task DisposeAsync() => await Deployment.DisposeAsync();
    }
}
