using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Tests.Conformance;

/// <summary>Launch, identity, exit: what the agent needs of a process, whichever driver runs it.</summary>
public sealed class LaunchConformanceTests
{
    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Launch_OfAFreshGuest_WaitsInPrelaunchAndIsFoundByItsLaunchId(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest guest = await host.LaunchAsync();

        Assert.Equal("prelaunch/none", await guest.StateAsync());
        Assert.Equal(guest.Process.Identity, Assert.Single(QemuLauncher.FindLaunch(guest.Line.LaunchId)));
        Assert.Equal((10, 0), (guest.Monitor.Version!.Major, guest.Monitor.Version.Minor));
        Assert.Equal(guest.Pid, (await QemuAdoption.IdentifyAsync(new AdoptedMonitor(guest.Line.QmpSocketPath + ".1", null))).Pid);
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Launch_OfADestination_WaitsInInmigrateAndListens(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest destination = await host.LaunchIncomingAsync();

        Assert.Equal("inmigrate/none", await destination.StateAsync());
        Assert.StartsWith("tcp:127.0.0.1:", await destination.ListenAsync(), StringComparison.Ordinal);
        Assert.Equal("inmigrate/setup", await destination.StateAsync());
        Assert.Equal(["MIGRATION setup"], destination.Said);
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Layout_OfBothSides_HasTheSameDevicesQueuesAndMachine(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest fresh = await host.LaunchAsync();
        GuestUnderTest destination = await host.LaunchIncomingAsync();

        IEnumerable<string> paths = (await fresh.Monitor.QueryVirtioAsync()).Select(device => device.Path).Order(StringComparer.Ordinal);
        Assert.Equal(["/machine/peripheral/disk0/virtio-backend", "/machine/peripheral/net0/virtio-backend"], paths);
        VirtioStatus net = await fresh.Monitor.QueryVirtioStatusAsync("/machine/peripheral/net0/virtio-backend");
        Assert.Equal((1, 3, false, false, false), (net.DeviceId, net.VirtqueueCount, net.IsBroken, net.IsVhostStarted, net.IsDriverReady));
        Assert.All(await fresh.RingsAsync(), ring => Assert.False(ring.IsSetUp));
        Assert.Equal((await fresh.RingsAsync()).Select(ring => (ring.DeviceName, ring.RingSize)), (await destination.RingsAsync()).Select(ring => (ring.DeviceName, ring.RingSize)));
        Assert.Equal("\"pc-i440fx-10.0-machine\"", (await fresh.ExecuteAsync("qom-get", new { Path = "/machine", Property = "type" })).GetRawText());
        Assert.Equal("GenericError: Invalid virtqueue number 9", await fresh.RefusalAsync("x-query-virtio-queue-status", new { Path = "/machine/peripheral/net0/virtio-backend", Queue = 9 }));
        Assert.Equal("GenericError: Path /nope is not a realized VirtIODevice", await fresh.RefusalAsync("x-query-virtio-status", new { Path = "/nope" }));
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Quit_EndsWithCodeZeroAndSaysWhy(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest guest = await host.LaunchAsync();

        await guest.ExecuteAsync("quit");

        await guest.SaidAsync("SHUTDOWN host-qmp-quit");
        Assert.Equal(0, (await guest.ExitAsync()).Code);
        Assert.Empty(QemuLauncher.FindLaunch(guest.Line.LaunchId));
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Kill_IsSeenByTheExitWatchAndClosesTheMonitor(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest guest = await host.LaunchAsync();

        await guest.KillAsync();

        Assert.Equal(9, (await guest.ExitAsync()).Signal);
        await guest.Monitor.Closed.WaitAsync(Eventually.Limit);
    }

    /// <summary>As when an agent ends and its next life takes the guest up: one client at a time, and no trace of the former one.</summary>
    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task Monitor_ConnectedAnew_ServesTheNextClient(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest guest = await host.LaunchAsync();
        await guest.ExecuteAsync("cont");

        await guest.Monitor.DisposeAsync();
        await guest.ConnectAsync();

        Assert.Equal("running/none", await guest.StateAsync());
    }

    [Theory]
    [MemberData(nameof(DriverHost.Drivers), MemberType = typeof(DriverHost))]
    public async Task StopAndCont_AreSaidOnceEach(string driver)
    {
        await using DriverHost host = new(driver);
        GuestUnderTest guest = await host.LaunchAsync();

        await guest.ExecuteAsync("cont");
        await guest.ExecuteAsync("cont");
        await guest.ExecuteAsync("stop");
        await guest.ExecuteAsync("stop");
        Assert.Equal("paused/none", await guest.StateAsync());
        await guest.ExecuteAsync("cont");

        await guest.UntilAsync("running/none");
        Assert.Equal(["RESUME", "STOP", "RESUME"], guest.Said);
        Assert.Equal(guest.Times.Order(), guest.Times);
        Assert.All(guest.Times, time => Assert.InRange(time, DateTimeOffset.UtcNow - Eventually.Limit, DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1)));
    }
}
