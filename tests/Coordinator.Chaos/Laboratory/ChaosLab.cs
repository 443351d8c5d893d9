using System.Net;
using Coordinator.Chaos.Faults;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.Failpoints;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Observers;

namespace Coordinator.Chaos.Laboratory;

/// <summary>
/// Real coordinators, two real agents and their QEMUs, with a link that can be broken between any two of them, failpoints in each and an observer of every QEMU. Used for one
/// experiment after the other, each with a VM of its own.
/// </summary>
internal sealed class ChaosLab : IAsyncDisposable
{
    private static int s_vms;

    /// <summary>All that is mounted so far.</summary>
    private readonly List<SmallDisk> _disks = [];

    private ChaosLab(Deployment deployment, string failpointFolder)
    {
        Deployment = deployment;
        FailpointFolder = failpointFolder;
        string space = deployment.Network.Namespace;
        CoordinatorLinks = new[] { Deployment.Alpha, Deployment.Beta }.ToDictionary(
            host => host,
            host => new TcpLink(space, deployment.Coordinators.Select((_, node) =>
                (End(Deployment.CoordinatorRelayAddress(host), Deployment.FirstApiPort + node), End("127.0.0.1", Deployment.FirstApiPort + node)))),
            StringComparer.Ordinal);
        Handoff = new TcpLink(space, new[] { Deployment.Alpha, Deployment.Beta }.Select(host =>
            (End(Deployment.HandoffRelayAddress(host), Deployment.HandoffPort), End(deployment.StreamAddress(host), Deployment.HandoffPort))));
        Stream = new TcpLink(space, new[] { Deployment.Alpha, Deployment.Beta }.SelectMany(host =>
            Enumerable.Range(Deployment.FirstStreamPort, Deployment.LastStreamPort - Deployment.FirstStreamPort + 1)
                .Select(port => (End(Deployment.RelayAddress(host), port), End(deployment.StreamAddress(host), port)))));
    }

    public Deployment Deployment { get; }

    /// <summary>Of every QEMU, from outside: what agents and coordinators believe plays no part.</summary>
    public Recording Observer => Deployment.Recording!;

    public Api Api => Deployment.Api;

    /// <summary>What agents and QEMUs have written down of all VMs so far.</summary>
    public string HistoryFolder => Observer.Directory;

    /// <summary>By host: from its agent to the coordinators.</summary>
    public IReadOnlyDictionary<string, TcpLink> CoordinatorLinks { get; }

    /// <summary>Between the two agents.</summary>
    public TcpLink Handoff { get; }

    /// <summary>Between the two QEMUs.</summary>
    public TcpLink Stream { get; }

    public Part SourceAgent => Deployment.Agent(Deployment.Alpha);

    public Part DestinationAgent => Deployment.Agent(Deployment.Beta);

    public IEnumerable<Part> Parts => [.. Deployment.Coordinators, SourceAgent, DestinationAgent];

    public string JournalFile => Path.Combine(JournalFolder(Deployment), "coordinator.db");

    public SmallDisk JournalDisk { get; private set; } = null!;

    public IReadOnlyList<SmallDisk> AgentDisks { get; private set; } = [];

    private string FailpointFolder { get; }

    private IEnumerable<TcpLink> Links => [.. CoordinatorLinks.Values, Handoff, Stream];

    public static async Task<ChaosLab> StartAsync(int coordinators = 1)
    {
        QemuBinary real = await QemuBinary.Modern();
        string failpoints = Directory.CreateTempSubdirectory("fail-").FullName;
        ChaosLab? lab = null;
        Wiring wiring = new()
        {
            CoordinatorsRelayed = true,
            HandoffRelayed = true,
            Environment = part => new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [Failpoint.Variable] = Directory.CreateDirectory(Path.Combine(failpoints, part)).FullName,
            },
            OnNetwork = async deployment =>
            {
                lab = new ChaosLab(deployment, failpoints);
                await lab.MountAsync();
            },
            OnEnd = async () =>
            {
                try
                {
                    await (lab?.DisposeWiringAsync() ?? Task.CompletedTask);
                }
                finally
                {
                    Directory.Delete(failpoints, recursive: true);
                }
            },
        };
        try
        {
            await Deployment.StartAsync(real, coordinators, relayed: true, recorded: true, wiring: wiring);
            return lab!;
        }
        catch when (Directory.Exists(failpoints))
        {
            // It did not come as far as to be disposed of.
            Directory.Delete(failpoints, recursive: true);
            throw;
        }
    }

    public static string NewVm() => $"chaos-{Interlocked.Increment(ref s_vms)}";

    public string FailpointsOf(Part part) => Path.Combine(FailpointFolder, part.Name);

    /// <summary>Everybody is there, connected and undisturbed.</summary>
    public async Task RestoreAsync()
    {
        foreach (TcpLink link in Links)
        {
            link.Mode = LinkMode.Pass;
            link.Listen();
        }

        foreach (SmallDisk disk in _disks)
        {
            disk.Empty();
        }

        foreach (string action in Directory.EnumerateFiles(FailpointFolder, "*", SearchOption.AllDirectories).Where(file => FailpointCatalogue.All.ContainsKey(Path.GetFileName(file))))
        {
            File.Delete(action);
        }

        foreach (Part part in Parts)
        {
            part.Start();
        }

        await Deployment.ConnectedAsync();
    }

    /// <summary>An empty guest that runs on alpha, and that the observer has seen run.</summary>
    /// <param name="vm">Its name.</param>
    /// <param name="memoryMib">2 GiB take some 4 s at 1 MiB/s, though nothing is in them.</param>
    public async Task<VirtualMachine> StartVmAsync(string vm, int memoryMib)
    {
        await Api.StartVmAsync(Deployment.Alpha, Definitions.Empty(vm, Guid.NewGuid().ToString(), memoryMib));
        return await RunsAsync(vm);
    }

    /// <summary>The same with a guest that counts on a console of each host, so that every step of it can be told from outside.</summary>
    public async Task<(VirtualMachine Started, TickConsole Console)> StartTickingVmAsync(string vm, int memoryMib)
    {
        (_, TickConsole console) = await SlowGuest.StartAsync(Deployment, memoryMib: memoryMib, name: vm);
        return (await RunsAsync(vm), console);
    }

    public Party PartyOf(Part part) => part == SourceAgent ? Party.Agent(new HostName(Deployment.Alpha))
        : part == DestinationAgent ? Party.Agent(new HostName(Deployment.Beta))
        : Party.Coordinator(part.Name);

    private async Task<VirtualMachine> RunsAsync(string vm) =>
        await Eventually.Becomes(
            async () => await Api.VmAsync(vm) is { Residence: "Resident", RunState: "running", Pid: > 0 } there && Observer.Runs(vm).Count > 0 ? there : null,
            Api.Limit, $"{vm} to run on alpha", Deployment.Log);

    public async ValueTask DisposeAsync() => await Deployment.DisposeAsync();

    private static string JournalFolder(Deployment deployment) => Path.Combine(deployment.Folder, "journal");

    private async Task MountAsync()
    {
        JournalDisk = await MountAsync(JournalFolder(Deployment));
        AgentDisks =
        [
            await MountAsync(Path.Combine(Deployment.Folder, Deployment.Alpha, "state")),
            await MountAsync(Path.Combine(Deployment.Folder, Deployment.Beta, "state")),
        ];
    }

    private async Task<SmallDisk> MountAsync(string folder)
    {
        SmallDisk disk = await SmallDisk.MountAsync(folder);
        _disks.Add(disk);
        return disk;
    }

    private async Task DisposeWiringAsync()
    {
        foreach (TcpLink link in Links)
        {
            await link.DisposeAsync();
        }

        foreach (SmallDisk disk in _disks)
        {
            await disk.DisposeAsync();
        }
    }

    private static IPEndPoint End(string address, int port) => new(IPAddress.Parse(address), port);
}
