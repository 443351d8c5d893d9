using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;

namespace Coordinator.Agent.Tests.Conformance;

/// <summary>A host with one of the two drivers, and the processes that were launched on it, which end with it.</summary>
internal sealed class DriverHost : IAsyncDisposable
{
    /// <summary>The devices of <see cref="TwoHosts.DefinitionText"/>, and a disk: the firmware reads its first sector, so its ring is in use without any guest system.</summary>
    private const string Devices =
        """
        -drive, "driver=null-co,size=1M,read-zeroes=on,if=none,id=d0", -device, "virtio-blk-pci,drive=d0,id=disk0,addr=4",
               -netdev, "user,id=n0", -device, "virtio-net-pci,netdev=n0,id=net0,addr=5,romfile="
        """;

    private readonly TemporaryDirectory _directory = new();
    private readonly List<GuestUnderTest> _guests = [];
    private readonly string _driver;

    public DriverHost(string driver)
    {
        _driver = driver;
    }

    /// <summary>"10" is QEMU 10, the version that the simulated driver has the behaviour of.</summary>
    public static TheoryData<string> Drivers => ["10", "simulated"];

    public Task<GuestUnderTest> LaunchAsync(string more = "") => LaunchAsync(LaunchRole.Start, more);

    public Task<GuestUnderTest> LaunchIncomingAsync(string more = "") => LaunchAsync(LaunchRole.Incoming, more);

    /// <summary>A guest that runs, and a destination that listens.</summary>
    public async Task<DriverPair> PairAsync(string more = "")
    {
        GuestUnderTest source = await LaunchAsync(more);
        GuestUnderTest destination = await LaunchIncomingAsync(more);
        await source.ExecuteAsync("cont");
        return new DriverPair(source, destination, await destination.ListenAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (GuestUnderTest guest in _guests)
        {
            await guest.DisposeAsync();
        }

        _directory.Dispose();
    }

    private async Task<GuestUnderTest> LaunchAsync(LaunchRole role, string more)
    {
        HostVariables host = new(
            "host-a", _directory["state"], _directory["run"], _driver == "simulated" ? "/nonexistent/qemu" : QemuUnderTest.PathOf(_driver), [],
            new Dictionary<string, string>(StringComparer.Ordinal))
        {
            Driver = _driver == "simulated" ? HypervisorDriver.Simulated : HypervisorDriver.Qemu,
        };
        QemuCommandLine line = VmDefinition.Parse(
            $"""
            name: vm-1
            uuid: 6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b
            args: [-machine, "pc,accel=tcg", -m, 64, -nodefaults, -display, none, -vga, none,
                   {Devices}{(more.Length > 0 ? ", " + more : "")}]
            """, "vm-1.yaml").CommandLine(host, role, Guid.NewGuid().ToString("D"));
        QemuProcess? process;
        using (LaunchedQemu launched = await new QemuLauncher(QemuScope.Never).LaunchAsync(line, Eventually.Limit))
        {
            QemuProcess.Attach(launched.Process.Identity, launched.MonitorPath, out process);
        }

        GuestUnderTest guest = new(process!, line);
        _guests.Add(guest);
        await guest.ConnectAsync();
        return guest;
    }
}

/// <param name="Uri">Where the destination listens.</param>
internal sealed record DriverPair(GuestUnderTest Source, GuestUnderTest Destination, string Uri)
{
    private const long Unlimited = 10L << 30;

    /// <summary>Slow enough for a copy to be still under way whatever a busy machine does.</summary>
    private const long Crawling = 16 * 1024;

    public async Task BeginAsync(bool crawls = false)
    {
        await Source.SetCapabilitiesAsync("events", "return-path", "pause-before-switchover", "validate-uuid");
        await Source.ExecuteAsync("migrate-set-parameters", new { MaxBandwidth = crawls ? Crawling : Unlimited });
        await Source.ExecuteAsync("migrate", new { Uri });
    }

    public async Task<DriverPair> CopyingAsync()
    {
        await BeginAsync(crawls: true);
        await Source.UntilAsync("running/active");
        await Destination.UntilAsync("inmigrate/active");
        return this;
    }

    public async Task<DriverPair> PausedAsync()
    {
        await BeginAsync();
        await Source.UntilAsync("finish-migrate/pre-switchover");
        return this;
    }

    /// <summary>In <c>device</c> for as long as the destination is frozen: it cannot say that it has loaded.</summary>
    public async Task<DriverPair> HeldInDeviceAsync()
    {
        await PausedAsync();
        Disturbance.Freeze(Destination.Pid);
        await Source.ContinueSwitchoverAsync();
        await Source.SaidAsync("MIGRATION device");
        return this;
    }

    public async Task<DriverPair> CompletedAsync()
    {
        await PausedAsync();
        await Source.ContinueSwitchoverAsync();
        await Source.UntilAsync("postmigrate/completed");
        await Destination.UntilAsync("paused/completed");
        return this;
    }
}
