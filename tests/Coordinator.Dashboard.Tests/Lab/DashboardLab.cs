using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Coordinator.Contracts.Api;
using Coordinator.Dashboard.Tests.Browser;
using Grpc.Core;
using Grpc.Net.Client;
using Client = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Dashboard.Tests.Lab;

/// <summary>Two coordinators on one SQLite journal, published as users run them, and the agents of two hosts with simulated guests; all real processes on loopback. One for all browser tests.</summary>
public sealed class DashboardLab : IAsyncLifetime
{
    public const string Alpha = "alpha";
    public const string Beta = "beta";

    private const int Nodes = 2;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("dashboard-").FullName;
    private readonly int[] _grpc = [.. Enumerable.Range(0, Nodes).Select(_ => FreePort.Next())];
    private readonly int[] _cluster = [.. Enumerable.Range(0, Nodes).Select(_ => FreePort.Next())];
    private readonly int[] _http = [.. Enumerable.Range(0, Nodes).Select(_ => FreePort.Next())];
    private readonly List<Child> _servers = [];
    private readonly Dictionary<string, Child> _agents = [];
    private readonly List<GrpcChannel> _channels = [];
    private int _vms;

    public Chromium Chromium { get; } = new();

    public async Task InitializeAsync()
    {
        await Chromium.InitializeAsync();
        string data = Directory.CreateDirectory(Path.Combine(_folder, "journal")).FullName;
        string[] seeds = [.. _cluster.SelectMany(port => new[] { "--seed", Loopback(port) })];
        for (int node = 0; node < Nodes; node++)
        {
            _servers.Add(new Child(
                $"coordinator-{node}", Path.Combine(AppContext.BaseDirectory, "server", "coordinator-server.dll"),
                ["--data", data, "--grpc", Loopback(_grpc[node]), "--cluster", Loopback(_cluster[node]), "--http", Loopback(_http[node]), .. seeds]));
            _channels.Add(GrpcChannel.ForAddress($"http://{Loopback(_grpc[node])}"));
        }

        foreach (string host in new[] { Alpha, Beta })
        {
            _agents[host] = new Child($"agent-{host}", Path.Combine(AppContext.BaseDirectory, "coordinator-agent.dll"), ["--config", await WriteHostAsync(host)]);
        }

        foreach (Child child in _servers.Concat(_agents.Values))
        {
            child.Start();
        }

        await ConnectedAsync();
    }

    public async Task DisposeAsync()
    {
        await Chromium.DisposeAsync();
        _channels.ForEach(channel => channel.Dispose());
        foreach (Child child in _agents.Values.Concat(_servers))
        {
            await child.KillAsync();
        }

        EndGuests();
        Directory.Delete(_folder, recursive: true);
    }

    public Uri Page(int node, string path = "/") => new($"http://{Loopback(_http[node])}{path}");

    public string ClusterAddress(int node) => Loopback(_cluster[node]);

    public Client Api(int node) => new(_channels[node]);

    public Task KillNodeAsync(int node) => _servers[node].KillAsync();

    public void StartNode(int node) => _servers[node].Start();

    public async Task KillAgentsAsync()
    {
        foreach (Child agent in _agents.Values)
        {
            await agent.KillAsync();
        }
    }

    public async Task StartAgentsAsync()
    {
        foreach (Child agent in _agents.Values)
        {
            agent.Start();
        }

        await ConnectedAsync();
    }

    /// <summary>Every node serves, and both hosts are connected as each of them knows.</summary>
    public Task ConnectedAsync() => Until(
        async () =>
        {
            for (int node = 0; node < Nodes; node++)
            {
                if ((await Api(node).ListHostsAsync(new ListHostsRequest(), deadline: DateTime.UtcNow.AddSeconds(5))).Hosts.Count(h => h.Connected) != _agents.Count)
                {
                    return false;
                }
            }

            return true;
        },
        "two coordinators with two hosts each");

    /// <summary>A guest with two devices that runs on a host.</summary>
    public async Task<string> StartVmAsync(string host = Alpha, string simulated = "copyBytes=262144")
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"web-{Interlocked.Increment(ref _vms)}");
        string definition = $"""
            name: {name}
            uuid: {Guid.NewGuid()}
            args: [-machine, "pc,accel=tcg", -m, 256, -nodefaults, -display, none, -vga, none, -simulated, "{simulated}",
                   -drive, "driver=null-co,size=1M,read-zeroes=on,if=none,id=d0", -device, "virtio-blk-pci,drive=d0,id=disk0,addr=4",
                   -netdev, "user,id=n0,queues=2", -device, "virtio-net-pci,netdev=n0,id=net0,addr=5,mq=on,vectors=6,romfile="]
            """;
        await Until(
            async () =>
            {
                VirtualMachine vm = await Api(0).StartVirtualMachineAsync(
                    new StartVirtualMachineRequest { RequestId = $"start-{name}", Host = host, DefinitionYaml = definition }, deadline: DateTime.UtcNow.AddSeconds(25));
                return vm.Residence == "Resident";
            },
            $"{name} to run on {host}");
        return name;
    }

    /// <param name="vm">Which.</param>
    /// <param name="bandwidthBytesPerSec">1 MiB/s or more; what makes a copy last.</param>
    /// <param name="iterateDeadlineMs">When it is given up, or in doubt.</param>
    /// <param name="destination">Where to.</param>
    public async Task<Migration> MigrateAsync(string vm, long bandwidthBytesPerSec = 1L << 30, int iterateDeadlineMs = 600_000, string destination = Beta) =>
        await Api(0).StartMigrationAsync(new StartMigrationRequest
        {
            RequestId = $"move-{vm}",
            Vm = vm,
            DestinationHost = destination,
            Policy = new MigrationPolicy { BandwidthBytesPerSec = bandwidthBytesPerSec, IterateDeadlineMs = iterateDeadlineMs, VerifyMs = 1_500, RehearsalBudgetMs = 10_000 },
        });

    public Task<Migration> ReachesAsync(string vm, string phase, int node = 0) => MigrationAsync(vm, m => m.Phase == phase, phase, node);

    public async Task<Migration> MigrationAsync(string vm, Func<Migration, bool> isReached, string what, int node = 0)
    {
        Migration seen = new();
        await Until(
            async () => isReached(seen = await Api(node).GetMigrationAsync(new GetMigrationRequest { Vm = vm }, deadline: DateTime.UtcNow.AddSeconds(10))), () => $"{vm} to be {what}; it is {seen.Phase}: {seen.Reason}");
        return seen;
    }

    /// <summary>Arguments of a coordinator that is a cluster of its own, and the port of its pages.</summary>
    internal static (int Http, string[] Arguments) SingleNode(string data)
    {
        int http = FreePort.Next();
        return (http, ["--data", data, "--grpc", Loopback(FreePort.Next()), "--cluster", Loopback(FreePort.Next()), "--http", Loopback(http)]);
    }

    internal static async Task AnswersAsync(Uri address, Func<string> said)
    {
        using HttpClient client = new();
        try
        {
            using HttpResponseMessage answer = await Eventually.Succeeds(() => client.GetAsync(address), e => e is HttpRequestException, s_patience);
        }
        catch (HttpRequestException e)
        {
            Assert.Fail($"{address}: {e.Message}\n{said()}");
        }
    }

    private Task Until(Func<Task<bool>> condition, string what) => Until(condition, () => what);

    private async Task Until(Func<Task<bool>> condition, Func<string> what)
    {
        if (!await Eventually.IsTrue(() => IsTrue(condition), s_patience))
        {
            Assert.Fail($"waited {s_patience.TotalSeconds} s in vain for {what()}\n{string.Join('\n', _servers.Concat(_agents.Values).Select(c => $"--- {c.Name}\n{c.Said}"))}");
        }
    }

    private static async Task<bool> IsTrue(Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (RpcException away) when (away.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.NotFound or StatusCode.Internal or StatusCode.Cancelled)
        {
            return false;
        }
    }

    private async Task<string> WriteHostAsync(string host)
    {
        string home = Path.Combine(_folder, host);
        foreach (string part in new[] { home, Path.Combine(home, "state"), Path.Combine(home, "run") })
        {
            Directory.CreateDirectory(part, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        string file = Path.Combine(home, "host.yaml");
        await File.WriteAllTextAsync(file, $$"""
            hostId: {{host}}
            driver: simulated
            stateDirectory: {{home}}/state
            runDirectory: {{home}}/run
            coordinators: [{{string.Join(", ", _grpc.Select(port => $"\"http://{Loopback(port)}\""))}}]
            handoff: { listen: "127.0.0.1:0" }
            migrationStream: { listen: "127.0.0.1:0" }
            """);
        return file;
    }

    /// <summary>Guests outlive their agents, as they must; what was started from this lab's folder ends with it.</summary>
    private void EndGuests()
    {
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(process, "cmdline")).Contains(_folder, StringComparison.Ordinal))
                {
                    Process.GetProcessById(int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture)).Kill();
                }
            }
            catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }
        }
    }

    private static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

}

[CollectionDefinition(Name)]
public sealed class LabCollection : ICollectionFixture<DashboardLab>
{
    public const string Name = "dashboard lab";
}
