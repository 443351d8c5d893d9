using System.Diagnostics;
using System.Globalization;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Contracts.Api;
using Grpc.Net.Client;
using ApiClient = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Actors.Tests.Rolling;

/// <summary>Three coordinators on PostgreSQL and the agents of two hosts with simulated guests, all of them real processes on loopback.</summary>
internal sealed class RollingCluster : IAsyncDisposable
{
    public const int Nodes = 3;
    public const string Alpha = "alpha";
    public const string Beta = "beta";

    /// <summary>Of what is broken, on a machine with more to do than cores.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>So many processes share two cores with other tests: a node that waits for its turn is not to be put out. How soon a silent one is, is judged elsewhere.</summary>
    private const string Calm = """
        akka.cluster.failure-detector.acceptable-heartbeat-pause = 20s
        coordinator.pause-watch.limit = 20s
        coordinator.discovery.silent-after = 60s
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("rolling-").FullName;
    private readonly int[] _grpc = [.. Enumerable.Range(0, Nodes).Select(_ => FreePort.Next())];
    private readonly int[] _cluster = [.. Enumerable.Range(0, Nodes).Select(_ => FreePort.Next())];
    private readonly RollingProcess[] _servers;
    private readonly Dictionary<string, RollingProcess> _agents = [];
    private readonly GrpcChannel[] _channels;

    public RollingCluster(TestDatabase database)
    {
        string calm = Path.Combine(_folder, "calm.conf");
        File.WriteAllText(calm, Calm);
        string[] seeds = [.. _cluster.SelectMany(port => new[] { "--seed", Loopback(port) })];
        _servers = [.. Enumerable.Range(0, Nodes).Select(node => new RollingProcess(
            $"coordinator-{node}", "coordinator-server.dll",
            ["--config", calm, "--database", database.Address, "--grpc", Loopback(_grpc[node]), "--cluster", Loopback(_cluster[node]), "--http", "off", .. seeds]))];
        _channels = [.. _grpc.Select(port => GrpcChannel.ForAddress($"http://{Loopback(port)}"))];
        foreach (string host in new[] { Alpha, Beta })
        {
            _agents[host] = new RollingProcess($"agent-{host}", "coordinator-agent.dll", ["--config", WriteHost(host)]);
        }
    }

    public ApiClient Api(int node) => new(_channels[node]);

    public string ClusterAddress(int node) => Loopback(_cluster[node]);

    public async Task Start()
    {
        foreach (RollingProcess process in _servers.Concat(_agents.Values))
        {
            process.Start();
        }

        await IsWell();
    }

    public void StartNode(int node) => _servers[node].Start();

    /// <summary>Its process has ended as one that was told to.</summary>
    public Task HasLeft(int node) => _servers[node].HasLeft(Patience);

    /// <summary>All nodes are members that want for nothing, and each of them knows both hosts.</summary>
    /// <returns>What was not, in its order, with seconds since the call.</returns>
    public async Task<IReadOnlyList<string>> IsWell()
    {
        long started = Stopwatch.GetTimestamp();
        List<string> seen = [];
        for (int node = 0; node < Nodes; node++)
        {
            ApiClient api = Api(node);
            await Until(
                async () =>
                {
                    Contracts.Api.Cluster cluster = await api.GetClusterAsync(new GetClusterRequest());
                    int members = cluster.Nodes.Count(n => n.GoneAt is null);
                    int hosts = (await api.ListHostsAsync(new ListHostsRequest())).Hosts.Count(h => h.Connected);
                    string now = string.Create(CultureInfo.InvariantCulture, $"{members} members, {hosts} hosts; {string.Join("; ", cluster.Findings)}");
                    if (seen.Count == 0 || !seen[^1].EndsWith(now, StringComparison.Ordinal))
                    {
                        seen.Add(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds,5:0.0} s: {now}"));
                    }

                    return cluster.Findings.Count == 0 && members == Nodes && hosts == _agents.Count;
                },
                $"all to be well, as {ClusterAddress(node)} sees it");
        }

        return seen;
    }

    public async Task Until(Func<Task<bool>> condition, string what)
    {
        string last = "";
        bool met = await Eventually.IsTrue(
            async () =>
            {
                try
                {
                    return await condition();
                }
                catch (Grpc.Core.RpcException away)
                {
                    last = away.Status.ToString();
                    return false;
                }
            },
            Patience);
        Assert.True(met, $"waited {Patience.TotalSeconds} s in vain for {what}; {last}\n{Log()}");
    }

    public string Log() => string.Join('\n', _servers.Concat(_agents.Values).Select(p => $"--- {p.Name}\n{p.Said}"));

    /// <summary>Processes that run this VM, as the kernel shows them.</summary>
    public int GuestsOf(string vm) => Guests().Count(line => line.Contains($"guest={vm}", StringComparison.Ordinal) || line.Split('\0').Any(word => word == vm || word.Contains($"/{vm}/", StringComparison.Ordinal)));

    public async ValueTask DisposeAsync()
    {
        foreach (GrpcChannel channel in _channels)
        {
            channel.Dispose();
        }

        foreach (RollingProcess process in _agents.Values.Concat(_servers))
        {
            await process.DisposeAsync();
        }

        foreach (int guest in OwnProcesses().Select(p => p.Id))
        {
            try
            {
                Process.GetProcessById(guest).Kill();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended meanwhile.
            }
        }

        Directory.Delete(_folder, recursive: true);
    }

    private IEnumerable<string> Guests() => OwnProcesses().Select(p => p.CommandLine).Where(line => !line.Contains("--config", StringComparison.Ordinal));

    /// <summary>Guests outlive their agents, as they must; what was started from this folder ends with it.</summary>
    private List<(int Id, string CommandLine)> OwnProcesses()
    {
        List<(int, string)> own = [];
        foreach (string process in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out int id)
                    && File.ReadAllText(Path.Combine(process, "cmdline")) is var line && line.Contains(_folder, StringComparison.Ordinal))
                {
                    own.Add((id, line));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }
        }

        return own;
    }

    private string WriteHost(string host)
    {
        string home = Path.Combine(_folder, host);
        foreach (string part in new[] { home, Path.Combine(home, "state"), Path.Combine(home, "run") })
        {
            Directory.CreateDirectory(part, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        string file = Path.Combine(home, "host.yaml");
        File.WriteAllText(file, $$"""
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

    private static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
