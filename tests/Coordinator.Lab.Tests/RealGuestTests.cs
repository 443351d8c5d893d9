using System.Diagnostics;
using Coordinator.Lab.Evidence;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;
using Coordinator.LabPeer;
using Xunit.Abstractions;

namespace Coordinator.Lab.Tests;

/// <summary>The lab itself on the real QEMUs: what every other test with a guest stands on.</summary>
public sealed class RealGuestTests(ITestOutputHelper output) : IAsyncLifetime
{
    const int Pairs = 2;
    const int WantedProgress = 1000;
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    readonly string folder = Directory.CreateTempSubdirectory("coordinator-lab-").FullName;
    readonly Stack<IAsyncDisposable> opened = new();
    LabNetwork network = null!;
    GuestImage image = null!;

    public async Task InitializeAsync()
    {
        await QemuBinary.Install();
        image = await GuestImage.Build();
        network = await LabNetwork.Create();
    }

    public async Task DisposeAsync()
    {
        while (opened.TryPop(out var one))
            await one.DisposeAsync();
        await network.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Guest_OnModernQemu_MigratesIntact() => await Migrate(await QemuBinary.Modern(), vcpus: Pairs, flows: Pairs);

    // Two vCPUs that write all the time: without GuestMachine.PadMemory this version damages the guest at the first hop.
    [Fact]
    public async Task Guest_OnInstalledQemu_MigratesIntact() => await Migrate(await QemuBinary.Installed(), vcpus: Pairs, flows: Pairs);

    [Fact]
    public async Task Guest_WithMoreQueuePairsThanVcpus_UsesThemAll() => await Migrate(await QemuBinary.Installed(), vcpus: 1, flows: 4 * Pairs);

    [Fact]
    public async Task Guest_AskedForMoreMemoryThanItHas_SaysSoOnItsConsole()
    {
        var machine = Machine(await QemuBinary.Modern(), "source", "alpha", vcpus: 1) with { MemoryMib = 96, Load = new() { DirtyMib = 90, DirtyMibPerSec = 1 } };
        Open(QemuProcess.Start(machine, network));

        var report = await new GuestConsole.ConsoleLogs(machine.ConsoleLog).WaitForTick(1, Limit);

        Assert.Contains("load.dirty=90 needs that many MiB", Assert.Single(report.Findings).Detail, StringComparison.Ordinal);
    }

    // The evidence must be able to fail: a page that the guest believes it knows is changed behind its back.
    [Fact]
    public async Task Guest_WithADamagedPage_ReportsIt()
    {
        var machine = Machine(await QemuBinary.Modern(), "source", "alpha", vcpus: 1);
        var memory = Path.Combine(folder, "memory");
        Open(QemuProcess.Start(machine.Qemu, network,
            [.. machine.Arguments(), "-object", $"memory-backend-file,id=ram0,size={machine.MemoryMib}M,mem-path={memory},share=on", "-machine", "memory-backend=ram0"],
            machine.QmpSocket));
        var console = new GuestConsole.ConsoleLogs(machine.ConsoleLog);
        Assert.True((await console.WaitForTick(50, Limit)).IsIntact);

        var page = GuestMemory.DamageOnePage(memory);

        // Of the guest's two threads one counts and says which page, the other tells the count with its tick: either line may come first.
        await Eventually.Becomes(
            () => console.Read() is { PagesCorrupt: > 0 } report && report.Findings.Any(finding => finding.Detail == $"corrupt page={page} want=0 found={page}/1") ? report : null,
            Limit, $"page {page} to be named as damaged");
    }

    async Task Migrate(QemuBinary qemu, int vcpus, int flows)
    {
        var started = Stopwatch.GetTimestamp();
        var machine = Machine(qemu, "source", "alpha", vcpus);
        var source = await Launch(machine, incoming: false);
        var evidence = Open(await OutsideEvidence.Start(network, flows, [machine.ConsoleLog]));
        await evidence.Console.WaitForTick(1, Limit);
        var bootMs = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var runningSinceNs = MonotonicClock.NowNs;
        await AllDataQueuesMove(source, "before");

        var destination = await Launch(Machine(qemu, "destination", "beta", vcpus), incoming: true);
        var blackout = await Move(source, destination);
        var atArrival = evidence.Console.Read();
        await AllDataQueuesMove(destination, "after");
        await evidence.Console.WaitForMoreTicks(100, Limit);

        var report = await evidence.Report();
        output.WriteLine($"QEMU {qemu.Version}: first tick after {bootMs:0} ms, blackout {(blackout.ToNs - blackout.FromNs) / 1e6:0.0} ms; {report}");
        Assert.Empty(report.Complaints([blackout], runningSinceNs));
        Assert.True(report.Console.PagesChecked > atArrival.PagesChecked, "no page was verified after the migration");
        Assert.Equal((Pairs, Pairs), (report.Console.Ready!.PairsInUse, report.Console.Ready.PairsOffered));
    }

    async Task<BlackoutWindow> Move(GuestMonitor source, GuestMonitor destination)
    {
        var uri = $"tcp:{network["beta"].Address}:4444";
        await SetCapabilities(source, "return-path", "pause-before-switchover", "events");
        await SetCapabilities(destination, "return-path", "events");
        await destination.Execute("migrate-incoming", new { uri });
        await source.Execute("migrate", new { uri });
        await source.WaitFor("pre-switchover");
        var final = await source.DataQueues(Pairs);
        await source.Execute("migrate-continue", new { state = "pre-switchover" });
        await destination.WaitFor("completed");
        await source.WaitFor("completed");
        Assert.Equal(final, await destination.DataQueues(Pairs));
        await destination.Execute("cont");
        return new(await source.WaitFor("STOP"), await destination.WaitFor("RESUME"));
    }

    async Task AllDataQueuesMove(GuestMonitor monitor, string when)
    {
        var started = Stopwatch.GetTimestamp();
        var first = await monitor.DataQueues(Pairs);
        int[] progress = [];
        await Eventually.Becomes(
            async () => (progress = await ProgressSince(monitor, first)).All(moved => moved >= WantedProgress) ? progress : null, Limit,
            $"each data queue to move by {WantedProgress} {when} the migration", () => string.Join(' ', progress));
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        output.WriteLine($"{when}: {string.Join(", ", progress.Select((moved, queue) => $"{(queue % 2 == 0 ? "rx" : "tx")}{queue / 2} {moved / elapsed:0}/s"))}");
    }

    static async Task<int[]> ProgressSince(GuestMonitor monitor, QueueIndices[] first) =>
        [.. (await monitor.DataQueues(Pairs)).Select((now, queue) => now.ProgressSince(first[queue]))];

    static Task SetCapabilities(GuestMonitor monitor, params string[] names) =>
        monitor.Execute("migrate-set-capabilities", new { capabilities = names.Select(name => new { capability = name, state = true }) });

    async Task<GuestMonitor> Launch(GuestMachine machine, bool incoming) =>
        Open(await GuestMonitor.Open(Open(QemuProcess.Start(machine, network, incoming))));

    GuestMachine Machine(QemuBinary qemu, string name, string host, int vcpus) => new()
    {
        Qemu = qemu,
        Image = image,
        Load = new() { Address = LabNetwork.GuestAddress(), Peer = LabNetwork.PeerAddress, DirtyMib = 32, DirtyMibPerSec = 20 },
        QmpSocket = Path.Combine(folder, $"{name}.qmp"),
        ConsoleLog = Path.Combine(folder, "console.log"),
        Tap = network[host].Tap,
        Vcpus = vcpus,
        QueuePairs = Pairs,
    };

    T Open<T>(T one)
        where T : IAsyncDisposable
    {
        opened.Push(one);
        return one;
    }
}
