using Coordinator.Qmp.Schema;
using Coordinator.Qmp.Tests.Support;

namespace Coordinator.Qmp.Tests.Qemu;

public sealed class RealVirtioTests
{
    const string NetPath = "/machine/peripheral/net0/virtio-backend";

    public static TheoryData<string> Both => QemuBinary.Both;

    [Theory, MemberData(nameof(Both))]
    public async Task NetDevice_IsListedAndDescribed(string which)
    {
        await using var qemu = await StartAsync(which);
        await using var connection = await qemu.ConnectAsync();

        var devices = await connection.QueryVirtioAsync();
        var status = await connection.QueryVirtioStatusAsync(NetPath);

        Assert.Contains(new VirtioDevice("virtio-net", NetPath), devices);
        Assert.Equal(("virtio-net", 1, 3), (status.DeviceName, status.DeviceId, status.VirtqueueCount));
        Assert.Equal((false, false, false, false), (status.IsBroken, status.IsStarted, status.IsVhostStarted, status.IsVmRunning));
        Assert.False(status.NeedsReset);
        Assert.False(status.IsDriverReady);
        Assert.Empty(status.GuestFeatures!.Names);
        Assert.True(status.HostFeatures!.Contains("VIRTIO_NET_F_MAC"));
        Assert.True(status.HostFeatures.Contains("VIRTIO_F_VERSION_1"));
        Assert.True(status.HostFeatures.Contains("VIRTIO_F_RING_RESET"), "7.2 gives it as a number, 10.0 by name");
        Assert.DoesNotContain(status.HostFeatures.Names, static name => name.StartsWith("bit ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(QemuBinary.System, "on", true)]
    [InlineData(QemuBinary.System, "off", false)]
    [InlineData(QemuBinary.Recent, "on", true)]
    [InlineData(QemuBinary.Recent, "off", false)]
    public async Task PackedRing_IsSeenWhereOffered(string which, string packed, bool isPacked)
    {
        await using var qemu = await StartAsync(which, $",packed={packed}");
        await using var connection = await qemu.ConnectAsync();

        var status = await connection.QueryVirtioStatusAsync(NetPath);

        Assert.Equal(isPacked, status.HostFeatures!.IsPackedRing);
        Assert.False(status.GuestFeatures!.IsPackedRing);
    }

    [Fact]
    public async Task SameDeviceOnTwoVersions_OffersTheSameFeatures()
    {
        var seen = new List<VirtioFeatures>();
        foreach (var which in new[] { QemuBinary.System, QemuBinary.Recent })
        {
            // The machine type fixes what is offered; what differs is how the two versions word it.
            await using var qemu = await StartAsync(which, machine: "pc-i440fx-7.2");
            await using var connection = await qemu.ConnectAsync();
            seen.Add((await connection.QueryVirtioStatusAsync(NetPath)).HostFeatures!);
        }

        Assert.Empty(seen[0].DifferenceTo(seen[1]));
        Assert.Equal(seen[0], seen[1]);
    }

    [Theory, MemberData(nameof(Both))]
    public async Task Queues_BeforeADriver_AreNotSetUp(string which)
    {
        await using var qemu = await StartAsync(which);
        await using var connection = await qemu.ConnectAsync();

        var queues = await connection.QueryVirtioQueuesAsync(NetPath, 3);

        Assert.All(queues, static (queue, index) =>
        {
            Assert.Equal(("virtio-net", index), (queue.DeviceName, queue.QueueIndex));
            Assert.Equal((0, 0, 0), ((int)queue.LastAvailIndex!, (int)queue.UsedIndex!, (int)queue.ShadowAvailIndex!));
            Assert.Equal((0ul, 0u, false), (queue.DescriptorAddress, queue.InUse, queue.IsSetUp));
        });
        Assert.Equal([256, 256, 64], queues.Select(static queue => queue.RingSize));
    }

    [Theory, MemberData(nameof(Both))]
    public async Task QueueOrDeviceThatIsNotThere_IsRefused(string which)
    {
        await using var qemu = await StartAsync(which);
        await using var connection = await qemu.ConnectAsync();

        var queue = await Assert.ThrowsAsync<QmpCommandException>(() => connection.QueryVirtioQueuesAsync(NetPath, 4));
        var device = await Assert.ThrowsAsync<QmpCommandException>(() => connection.QueryVirtioStatusAsync("/machine/nothing"));

        Assert.Equal("Invalid virtqueue number 3", queue.Description);
        Assert.Contains("/machine/nothing", device.Description, StringComparison.Ordinal);
    }

    static Task<QemuProcess> StartAsync(string which, string deviceOptions = "", string machine = "pc") => QemuProcess.StartAsync(
        which, "-machine", machine, "-m", "16", "-netdev", "user,id=n0", "-device", $"virtio-net-pci,netdev=n0,id=net0{deviceOptions}",
        "-device", "virtio-rng-pci");
}
