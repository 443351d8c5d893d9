using Coordinator.Agent.Processes;
using Coordinator.AgentProtocol;
using Coordinator.Lab;
using Google.Protobuf;

namespace Coordinator.Agent.Tests.Support;

/// <summary>Two hosts, one coordinator that sends what a test wants, and one VM. The script of a migration in its single steps, each of which asserts that it was accepted.</summary>
internal sealed class TwoHosts : IAsyncDisposable
{
    public const string Vm = "vm-1";

    private readonly Guid _incarnation = Guid.NewGuid();
    private LabCertificates? _certificates;
    private long _stepNo;

    private TwoHosts(string directory, FakeCoordinator coordinator, TestHost alpha, TestHost beta)
    {
        Folder = directory;
        Coordinator = coordinator;
        Alpha = alpha;
        Beta = beta;
    }

    public string Folder { get; }

    public FakeCoordinator Coordinator { get; }

    public TestHost Alpha { get; }

    public TestHost Beta { get; }

    /// <summary>Under the state of beta's agent; null where it is an ordinary directory.</summary>
    public SmallDisk? BetaDisk { get; private set; }

    public long Epoch { get; set; } = 1;

    public Guid Launch { get; } = Guid.NewGuid();

    public string Definition { get; set; } = "";

    public static string DefinitionText(string network = "net0") => $"""
        name: {Vm}
        uuid: 6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b
        args: [-machine, "pc,accel=tcg", -m, 64, -nodefaults, -display, none, -vga, none,
               -netdev, "user,id=n0", -device, "virtio-net-pci,netdev=n0,id={network},addr=5,romfile=", -device, "virtio-rng-pci,id=rng0,addr=6"]
        """;

    public static async Task<TwoHosts> StartAsync(
        string qemu, bool alphaInProcess = true, bool betaInProcess = true, string? alphaVariables = null, string? betaVariables = null, int? betaDiskMebibytes = null, bool tls = false)
    {
        string directory = Directory.CreateTempSubdirectory("agt-").FullName;
        LabCertificates? certificates = tls ? LabCertificates.In(Path.Combine(directory, "certificates")) : null;
        FakeCoordinator coordinator = await FakeCoordinator.StartAsync(certificates?.OfCoordinator);
        TwoHosts hosts = new(
            directory,
            coordinator,
            new TestHost("alpha", directory, coordinator.Address, qemu, alphaVariables, certificates?.Agent("alpha")),
            new TestHost("beta", directory, coordinator.Address, qemu, betaVariables, certificates?.Agent("beta")))
        {
            Definition = DefinitionText(),
            _certificates = certificates,
        };
        try
        {
            hosts.BetaDisk = betaDiskMebibytes is { } size ? await SmallDisk.MountAsync(hosts.Beta.StateDirectory, size) : null;
            await StartAgentAsync(hosts.Alpha, alphaInProcess);
            await StartAgentAsync(hosts.Beta, betaInProcess);
            await Eventually.TrueAsync(() => coordinator.IsConnected("alpha") && coordinator.IsConnected("beta"), () => $"both agents connect: {hosts.Alpha.Output}{hosts.Beta.Output}");
            return hosts;
        }
        catch
        {
            await hosts.DisposeAsync();
            throw;
        }
    }

    public static async Task StartAgentAsync(TestHost host, bool here)
    {
        if (here)
        {
            await host.StartHereAsync();
        }
        else
        {
            host.StartProcess();
        }
    }

    public Step NewStep(Action<Step> command)
    {
        Step step = new() { Vm = Vm, Epoch = Epoch, Incarnation = Wire(_incarnation), StepNo = Interlocked.Increment(ref _stepNo) };
        command(step);
        return step;
    }

    public Task<StepAnswer> SendAsync(TestHost host, Action<Step> command) => Coordinator.StepAsync(host.Name, NewStep(command));

    public async Task AcceptedAsync(TestHost host, Action<Step> command)
    {
        // "Not yet" asks for the repetition, with a step of its own.
        StepAnswer answer = await SendAsync(host, command);
        for (int i = 0; i < 100 && answer.Outcome == StepOutcome.NotYet; i++)
        {
            await Eventually.TrueAsync(() => true, () => "");
            answer = await SendAsync(host, command);
        }

        Assert.True(answer.Outcome == StepOutcome.Accepted, $"{host.Name}: {answer.Outcome} {answer.Reason}\n{Log}");
    }

    public string Log => $"--- alpha\n{Alpha.Output}\n--- beta\n{Beta.Output}";

    public async Task LaunchAsync()
    {
        await AcceptedAsync(Alpha, step => step.Fence = new Fence());
        await AcceptedAsync(Beta, step => step.Fence = new Fence());
        await AcceptedAsync(Alpha, step => step.Launch = new LaunchVm { Launch = Wire(Launch), DefinitionYaml = Definition });
        await ReportAsync(Alpha, report => report.Guest is { Alive: true, RunState: "running" } && report.Source is { Stage: "Home", Machine.Length: > 0 }, "the guest runs");
    }

    public async Task<VmReport> PrepareAsync(int attempt, Guid launch, MigrationSettings? settings = null, TestHost? destination = null, string sourceHost = "")
    {
        TestHost to = destination ?? Beta;
        await AcceptedAsync(to, step => step.Prepare = new PrepareDestination
        {
            Attempt = attempt,
            Launch = Wire(launch),
            DefinitionYaml = Definition,
            Settings = settings ?? Settings(),
            SourceHost = sourceHost,
        });
        return await ReportAsync(to, report => report.Destination.Listening && report.Destination.Attempt == attempt, "the destination listens");
    }

    public Task RehearseAsync(int attempt, VmReport prepared) => AcceptedAsync(Source(prepared), step => step.Rehearse = new Rehearse
    {
        Attempt = attempt,
        DestinationHost = prepared.Host,
        HandoffAddress = prepared.HandoffAddress,
        DestinationStore = prepared.StoreInstance,
    });

    public Task StartAsync(int attempt, VmReport prepared, MigrationSettings? settings = null, string? streamUri = null) => AcceptedAsync(Source(prepared), step => step.Start = new StartAttempt
    {
        Attempt = attempt,
        DestinationStore = prepared.StoreInstance,
        DestinationHost = prepared.Host,
        HandoffAddress = prepared.HandoffAddress,
        StreamUri = streamUri ?? prepared.Destination.StreamUri,
        Settings = settings ?? Settings(),
    });

    /// <summary>Prepare, rehearse, start; returns what the destination said when it listened.</summary>
    public async Task<VmReport> BeginAsync(int attempt, Guid launch, MigrationSettings? settings = null, TestHost? destination = null)
    {
        VmReport prepared = await PrepareAsync(attempt, launch, settings, destination);
        await RehearseAsync(attempt, prepared);
        await StartAsync(attempt, prepared, settings);
        return prepared;
    }

    /// <summary>Launches, prepares and rehearses attempt 1, freezes somebody whom its handoff needs, starts it, and waits until the source stands where that one is missed.</summary>
    /// <param name="launch">Of the destination.</param>
    /// <param name="frozenPid">Asked after the rehearsal.</param>
    /// <param name="reached">Of the source's report.</param>
    /// <param name="what">Was awaited.</param>
    /// <param name="settings">Null for the usual ones.</param>
    public async Task BeginFrozenAsync(Guid launch, Func<int> frozenPid, Func<VmReport, bool> reached, string what, MigrationSettings? settings = null)
    {
        await LaunchAsync();
        await BeginDisturbedAsync(launch, () => Disturbance.Freeze(frozenPid()), reached, what, settings);
    }

    /// <summary>The guest is released, and the destination's agent stands still with the release in its hands, before its register.</summary>
    /// <param name="launch">Of the destination.</param>
    /// <param name="reached">Of the source's report; null when it has released.</param>
    /// <param name="settings">Null for the usual ones.</param>
    public async Task BeginUnansweredAsync(Guid launch, Func<VmReport, bool>? reached = null, MigrationSettings? settings = null)
    {
        const string Received = "agent.handoff.released.after";
        await BeginDisturbedAsync(
            launch, () => Beta.StopAt(Received), report => report.Source.Stage == "HandedOver" && (reached is null || reached(report)), "released, unanswered", settings);
        await Beta.StoppedAtAsync(Received);
    }

    private async Task BeginDisturbedAsync(Guid launch, Action disturb, Func<VmReport, bool> reached, string what, MigrationSettings? settings)
    {
        settings ??= Settings();
        VmReport prepared = await PrepareAsync(1, launch, settings);
        await RehearseAsync(1, prepared);
        disturb();
        await StartAsync(1, prepared, settings);
        await ReportAsync(Alpha, reached, what);
    }

    public async Task<VmReport> ReportAsync(TestHost host, Func<VmReport, bool> wanted, string what)
    {
        try
        {
            return await Coordinator.ReportAsync(host.Name, Vm, wanted, what);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\nother: {FakeCoordinator.Brief(Coordinator.Report(host == Alpha ? "beta" : "alpha", Vm))}\n{Log}", e);
        }
    }

    public Task<VmReport> RunsAtDestinationAsync(int attempt, TestHost? destination = null) => ReportAsync(
        destination ?? Beta, report => report.Destination.Stage == "Running" && report.Destination.Running == attempt && report.Guest is { Alive: true, RunState: "running" }, $"attempt {attempt} runs");

    public Task<VmReport> StaysAtSourceAsync(int attempt) => ReportAsync(
        Alpha, report => report.Source is { Stage: "Home" } source && source.Attempt == attempt && report.Guest is { Alive: true, RunState: "running" }, $"the guest runs on at the source after attempt {attempt}");

    /// <summary>A wide deadline: on a busy machine an agent's restart takes its seconds, and a handoff that is broken off for it would be right.</summary>
    public static MigrationSettings Settings(int switchoverDeadlineMs = 60_000) =>
        new() { DowntimeLimitMs = 300, BandwidthBytesPerSec = 10L << 30, SwitchoverDeadlineMs = switchoverDeadlineMs, VerifyMs = 500 };

    public static QemuProcessIdentity QemuOf(Guid launch) => QemuLauncher.FindLaunch(launch.ToString("D")).Single();

    public static bool IsAlive(Guid launch) => QemuLauncher.FindLaunch(launch.ToString("D")).Count > 0;

    public static ByteString Wire(Guid id) => ByteString.CopyFrom(id.ToByteArray(bigEndian: true));

    public async ValueTask DisposeAsync()
    {
        await Alpha.DisposeAsync();
        await Beta.DisposeAsync();
        await Coordinator.DisposeAsync();
        if (BetaDisk is { } disk)
        {
            await disk.DisposeAsync();
        }

        _certificates?.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private TestHost Source(VmReport prepared) => prepared.Host == "beta" ? Alpha : Beta;
}
