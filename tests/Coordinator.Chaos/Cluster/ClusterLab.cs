using System.Globalization;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;
using Coordinator.Lab.Observers;

namespace Coordinator.Chaos.Cluster;

/// <summary>
/// Three coordinators, PostgreSQL and four hypervisors, each on a machine of its own that can be cut from any other, with real QEMUs, mutual TLS on every link, and a supervisor that
/// starts again what has ended by itself. Clients are on a machine of their own, which is never cut.
/// </summary>
internal sealed class ClusterLab : IAsyncDisposable
{
    public const int Coordinators = 3;
    public const string AllIsWell = "all is well";

    private const int ApiPort = 4050;
    private const int ClusterPort = 4060;

    private static readonly string[] s_hosts = ["alpha", "beta", "gamma", "delta"];
    private static readonly TimeSpan s_wellLimit = TimeSpan.FromSeconds(150);

    private readonly LabFabric _fabric;
    private readonly string _folder;
    private readonly List<Member> _members = [];
    private readonly List<SmallDisk> _disks = [];
    private readonly CancellationTokenSource _ended = new();
    private LabCertificates? _certificates;
    private Api? _api;
    private Task _supervisor = Task.CompletedTask;

    private ClusterLab(LabFabric fabric, string folder)
    {
        (_fabric, _folder) = (fabric, folder);
        Recording = Recording.Start(folder);
    }

    public Api Api => _api!;

    public string Folder => _folder;

    /// <summary>Of every QEMU, from outside.</summary>
    public Recording Recording { get; }

    /// <summary>coordinator-0..2, database, and the hosts.</summary>
    public IReadOnlyList<Member> Members => _members;

    public IEnumerable<Member> Nodes => _members.Where(member => member.IsCoordinator);

    public IEnumerable<Member> Hosts => _members.Where(member => member.IsAgent);

    public Member Database => this["database"];

    public LabFabric Fabric => _fabric;

    public Member this[string name] => _members.Single(member => member.Name == name);

    public static async Task<ClusterLab> StartAsync()
    {
        await QemuBinary.Install();
        await LocalClock.InstallAsync();
        QemuBinary qemu = await QemuBinary.Modern();
        IEnumerable<string> nodes = Enumerable.Range(0, Coordinators).Select(node => string.Create(CultureInfo.InvariantCulture, $"coordinator-{node}"));
        LabFabric fabric = await LabFabric.Create([.. nodes.Append("database").Concat(s_hosts).Append("client").Select(name => (name, 0))]);
        string folder = Directory.CreateTempSubdirectory("cluster-").FullName;
        // The database's account passes through.
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        ClusterLab lab = new(fabric, folder);
        try
        {
            await lab.BuildAsync(nodes, qemu);
            await lab.BeginAsync();
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Everybody there, undisturbed and of one mind.</summary>
    public async Task RestoreAsync()
    {
        await _fabric.Heal();
        foreach (SmallDisk disk in _disks)
        {
            disk.Empty();
        }

        foreach (Member member in _members)
        {
            member.Clock.Set(TimeSpan.Zero);
            member.Release();
            if (member.Part.IsRunning)
            {
                member.Part.Thaw();
            }
        }

        await WellAsync();
    }

    /// <summary>Each node says that nothing is amiss, and that all are there.</summary>
    public async Task WellAsync()
    {
        string last = "";
        await Eventually.Becomes(
            async () =>
            {
                for (int node = 0; node < Coordinators; node++)
                {
                    if (await SaysAsync(node) is not AllIsWell and var wrong)
                    {
                        last = string.Create(CultureInfo.InvariantCulture, $"coordinator-{node}: {wrong}");
                        return null;
                    }
                }

                return "";
            },
            s_wellLimit, "the cluster to be well", () => $"{last}\n{Log()}");
    }

    /// <returns>What is amiss by the word of this node; <see cref="AllIsWell"/> when nothing is.</returns>
    public async Task<string> SaysAsync(int node)
    {
        if (await Api.ClusterOfAsync(node) is not { } cluster || await Api.HostsOfAsync(node) is not { } hosts)
        {
            return "does not answer";
        }

        int there = cluster.Nodes.Count(member => member.GoneAt is null);
        int connected = hosts.Count(host => host.Connected);
        string[] amiss =
        [
            .. cluster.Findings,
            .. there == Coordinators ? Array.Empty<string>() : [string.Create(CultureInfo.InvariantCulture, $"{there} members")],
            .. connected == s_hosts.Length ? Array.Empty<string>() : [string.Create(CultureInfo.InvariantCulture, $"{connected} hosts connected")],
        ];
        return amiss is [] ? AllIsWell : string.Join("; ", amiss);
    }

    public string Log() => string.Join('\n', _members.Select(member => $"--- {member.Name}\n{member.Part.Output}"));

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _supervisor;
        _ended.Dispose();
        _api?.Dispose();
        _certificates?.Dispose();
        await Recording.DisposeAsync();
        foreach (Member member in _members)
        {
            await member.Part.DisposeAsync();
        }

        LocalClock.Sweep();
        await _fabric.DisposeAsync();
        foreach (SmallDisk disk in _disks)
        {
            await disk.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task BuildAsync(IEnumerable<string> nodes, QemuBinary qemu)
    {
        _certificates = LabCertificates.In(Path.Combine(_folder, "certificates"));
        string databaseFolder = Path.Combine(_folder, "database");
        _disks.Add(await DatabaseFiles.CreateAsync(databaseFolder));
        LocalClock databaseClock = NewClock("database");
        Part server = DatabaseFiles.Server(_fabric["database"], databaseFolder, databaseClock);
        foreach (string node in nodes)
        {
            AddNode(node);
        }

        _members.Add(new Member(_fabric["database"], server, Party.Database("journal"), databaseClock, DatabaseFiles.Port, _disks[0]));
        foreach (string host in s_hosts)
        {
            await AddHostAsync(host, qemu);
        }

        _api = new Api(_fabric["client"].Space.Name, Nodes.Select(node => $"https://{ApiOf(node.Machine)}"), _certificates.OfClient, Log);
    }

    private void AddNode(string name)
    {
        LabMachine machine = _fabric[name];
        LocalClock clock = NewClock(name);
        Part part = new(
            machine.Space, name, "coordinator-server",
            ["--database", DatabaseFiles.Connection(_fabric["database"]), "--discover", "database", "--grpc", ApiOf(machine), "--http", "off",
                "--cluster", ClusterAddressOf(machine), "--tls", _certificates!.Node(name, [machine.Address])],
            clock.Environment);
        _members.Add(new Member(machine, part, Party.Coordinator(name), clock, ApiPort, Disk: null));
    }

    private async Task AddHostAsync(string host, QemuBinary qemu)
    {
        LabMachine machine = _fabric[host];
        LocalClock clock = NewClock(host);
        string folder = Directory.CreateDirectory(Path.Combine(_folder, host)).FullName;
        SmallDisk disk = await SmallDisk.MountAsync(Path.Combine(folder, "state"));
        _disks.Add(disk);
        string file = Path.Combine(folder, "host.yaml");
        new HostFile(host, folder, machine.Address, Nodes.Select(node => ApiOf(node.Machine)), Recording.Observe(host, qemu.Path)).Write(file, _certificates!);
        Part part = new(machine.Space, host, "coordinator-agent", ["--config", file], clock.Environment.Concat(Recording.Environment).ToDictionary(StringComparer.Ordinal));
        _members.Add(new Member(machine, part, Party.Agent(new HostName(host)), clock, Deployment.HandoffPort, disk));
    }

    private async Task BeginAsync()
    {
        Database.Part.Start();
        await Database.ReadyAsync();
        await DatabaseFiles.CreateDatabaseAsync(Database.Machine);
        foreach (Member member in _members)
        {
            member.Part.Start();
        }

        _supervisor = SuperviseAsync();
        await WellAsync();
    }

    private async Task SuperviseAsync()
    {
        try
        {
            while (true)
            {
                await Eventually.Lasts(TimeSpan.FromMilliseconds(300), _ended.Token);
                foreach (Member member in _members)
                {
                    member.Revive();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the laboratory.
        }
    }

    private LocalClock NewClock(string name) => new(Path.Combine(_folder, "clock-" + name));

    public static string ClusterAddressOf(LabMachine machine) => string.Create(CultureInfo.InvariantCulture, $"{machine.Address}:{ClusterPort}");

    private static string ApiOf(LabMachine machine) => string.Create(CultureInfo.InvariantCulture, $"{machine.Address}:{ApiPort}");
}
