using System.Net;
using Coordinator.Chaos.Evidence;
using Coordinator.Chaos.Faults;
using Coordinator.Contracts.Api;
using Coordinator.Failpoints;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;

namespace Coordinator.Chaos.Laboratory;

/// <summary>
/// Real coordinators, two real agents and their QEMUs, with a link that can be broken between any two of them, failpoints in each and an observer of every QEMU. Used for one
/// experiment after the other, each with a VM of its own.
/// </summary>
internal sealed class ChaosLab : IAsyncDisposable
{
    private static int s_vms;

    private ChaosLab(Deployment deployment, QemuObserver observer)
    {
        Deployment = deployment;
        Observer = observer;
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

    public QemuObserver Observer { get; }

    public Api Api => Deployment.Api;

    /// <summary>What agents and QEMUs have written down of all VMs so far.</summary>
    public string HistoryFolder => Deployment.Recording!.Directory;

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

    private IEnumerable<TcpLink> Links => [.. CoordinatorLinks.Values, Handoff, Stream];

    public static async Task<ChaosLab> StartAsync(int coordinators = 1)
    {
        QemuBinary real = await QemuBinary.Modern();
        QemuObserver observer = await QemuObserver.StartAsync(real);
        string failpoints = Directory.CreateTempSubdirectory("fail-").FullName;
        ChaosLab? lab = null;
        try
        {
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
                    lab = new ChaosLab(deployment, observer) { FailpointFolder = failpoints };
                    await lab.MountAsync();
                },
            };
            await Deployment.StartAsync(
                real with { Path = observer.BinaryOf(Deployment.Alpha) }, coordinators, relayed: true, betaQemu: observer.BinaryOf(Deployment.Beta), recorded: true,
                wiring: wiring);
            return lab!;
        }
        catch
        {
            if (lab is not null)
            {
                await lab.DisposeWiringAsync();
            }

            await observer.DisposeAsync();
            Directory.Delete(failpoints, recursive: true);
            throw;
        }
    }

    private string FailpointFolder { get; init; } = "";

    public static string NewVm() => $"chaos-{Interlocked.Increment(ref s_vms)}";

    public string FailpointsOf(Part part) => Path.Combine(FailpointFolder, part.Name);

    /// <summary>Everybody is there, connected and undisturbed.</summary>
    public async Task RestoreAsync()
    {
        foreach (TcpLink link in Links)
        {
            link.Mode = LinkMode.Pass;
        }

        foreach (SmallDisk disk in AgentDisks.Append(JournalDisk))
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
        return await Eventually.Becomes(
            async () => await Api.VmAsync(vm) is { Residence: "Resident", RunState: "running", Pid: > 0 } there && Observer.Runs(vm).Count > 0 ? there : null,
            Api.Limit, $"{vm} to run on alpha", Deployment.Log);
    }

    public async ValueTask DisposeAsync()
    {
        await DisposeWiringAsync();
        await Deployment.DisposeAsync();
        await Observer.DisposeAsync();
        Directory.Delete(FailpointFolder, recursive: true);
    }

    private static string JournalFolder(Deployment deployment) => Path.Combine(deployment.Folder, "journal");

    private async Task MountAsync()
    {
        JournalDisk = await SmallDisk.MountAsync(JournalFolder(Deployment));
        List<SmallDisk> disks = [];
        AgentDisks = disks;
        foreach (string host in new[] { Deployment.Alpha, Deployment.Beta })
        {
            disks.Add(await SmallDisk.MountAsync(Path.Combine(Deployment.Folder, host, "state")));
        }
    }

    private async Task DisposeWiringAsync()
    {
        foreach (SmallDisk disk in AgentDisks.Append(JournalDisk).OfType<SmallDisk>())
        {
            await disk.DisposeAsync();
        }

        foreach (TcpLink link in Links)
        {
            await link.DisposeAsync();
        }
    }

    private static IPEndPoint End(string address, int port) => new(IPAddress.Parse(address), port);
}
