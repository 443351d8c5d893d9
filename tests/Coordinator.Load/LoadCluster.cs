using System.Globalization;
using Coordinator.Contracts.Api;
using Coordinator.PostgresLab;
using Grpc.Core;
using Grpc.Net.Client;
using CoordinatorClient = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Load;

/// <summary>
/// Coordinators, as real processes on loopback, on a PostgreSQL of their own, with somebody who starts them again: after a SIGKILL, and when one has put itself out because the machine let it stand still.
/// </summary>
internal sealed class LoadCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_readyWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan s_askWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(500);

    private readonly ThrowawayPostgres _server = new();
    private readonly List<Node> _nodes = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _supervision = Task.CompletedTask;

    private LoadCluster(string folder) => Folder = folder;

    /// <summary>Logs, and the file that names the victim.</summary>
    public string Folder { get; }

    /// <summary>For <c>coordctl --server</c>.</summary>
    public string Servers => string.Join(',', _nodes.Select(node => $"http://{node.Grpc}"));

    /// <summary>For <c>coordctl load --metrics</c>.</summary>
    public string Metrics => string.Join(',', _nodes.Select(node => node.Http));

    /// <summary>A shell command that kills the node with most shards, as it was half a second ago.</summary>
    public string KillsTheBiggest => $"kill -KILL $(cat '{VictimFile}')";

    /// <summary>Processes that ended and were started again: the one that was killed, and those that the machine was too busy for.</summary>
    public int StartedAgain { get; private set; }

    private string VictimFile => Path.Combine(Folder, "victim");

    /// <param name="nodes">1 to 7.</param>
    /// <param name="config">HOCON file in front of the shipped ones; null for none.</param>
    /// <param name="startAgainAfter">From the end of a node to its next life.</param>
    public static async Task<LoadCluster> StartAsync(int nodes, string? config, TimeSpan startAgainAfter)
    {
        LoadCluster cluster = new(Directory.CreateTempSubdirectory("load-").FullName);
        try
        {
            string database = cluster._server.NewDatabase();
            string[] members = [.. Enumerable.Range(0, nodes).Select(_ => Address())];
            for (int number = 0; number < nodes; number++)
            {
                cluster._nodes.Add(new Node(Address(), members[number], Address(), Path.Combine(cluster.Folder, $"coordinator-{number + 1}.log"), database, members, config));
            }

            cluster._nodes.ForEach(node => node.Start());
            cluster._supervision = cluster.SuperviseAsync(startAgainAfter);
            await Eventually.Becomes(
                async () => (await cluster.LookAsync())?.Nodes.Count(node => node is { Status: "Up", Reachable: true }) == nodes ? "" : null, s_readyWithin, $"{nodes} coordinators to be up", cluster.Log);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Events each second that this server's journal takes with nothing else but writers, measured now.</summary>
    public async Task<double> BareJournalAsync(int seconds, CancellationToken cancellation)
    {
        string log = Path.Combine(Folder, "journal.log");
        using GuardedProcess measure = GuardedProcess.Start("Coordinator.ClusterProbe.dll", ["journal-of", _server.NewDatabase(), seconds.ToString(CultureInfo.InvariantCulture)], log);
        await measure.WaitAsync(cancellation);
        return double.TryParse(GuardedProcess.Tail(log).Split('\n')[^1], CultureInfo.InvariantCulture, out double rate)
            ? rate
            : throw new InvalidOperationException($"the bare journal was not measured: {GuardedProcess.Tail(log)}");
    }

    public string Log() => string.Join('\n', _nodes.Select(node => $"--- {node.LogFile}\n{GuardedProcess.Tail(node.LogFile)}"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _supervision;
        await Task.WhenAll(_nodes.Select(node => node.EndAsync()));
        _server.Dispose();
        _stop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task SuperviseAsync(TimeSpan startAgainAfter)
    {
        Dictionary<Node, long> ended = [];
        while (!_stop.IsCancellationRequested)
        {
            foreach (Node node in _nodes.Where(node => node.HasExited))
            {
                if (ended.TryAdd(node, Environment.TickCount64))
                {
                    StartedAgain++;
                }
                else if (Environment.TickCount64 - ended[node] >= startAgainAfter.TotalMilliseconds)
                {
                    ended.Remove(node);
                    node.Start();
                }
            }

            if (await LookAsync() is { } cluster && _nodes.Where(node => !node.HasExited).MaxBy(node => ShardsOf(cluster, node)) is { } biggest)
            {
                string next = $"{VictimFile}.next";
                await File.WriteAllTextAsync(next, biggest.Pid.ToString(CultureInfo.InvariantCulture));
                File.Move(next, VictimFile, overwrite: true);
            }

            await Task.Delay(s_look, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static int ShardsOf(Cluster cluster, Node node) =>
        cluster.Nodes.Where(known => known.GoneAt is null && known.Address.EndsWith($"@{node.Member}", StringComparison.Ordinal)).Select(known => known.Shards).DefaultIfEmpty(-1).Max();

    /// <summary>As the first node that answers sees it.</summary>
    private async Task<Cluster?> LookAsync()
    {
        foreach (Node node in _nodes)
        {
            try
            {
                return await new CoordinatorClient(node.Channel).GetClusterAsync(new GetClusterRequest(), deadline: DateTime.UtcNow + s_askWithin, cancellationToken: _stop.Token);
            }
            catch (RpcException)
            {
                // The next one, then.
            }
        }

        return null;
    }

    private static string Address() => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");

    private sealed class Node(string grpc, string member, string http, string log, string database, IReadOnlyList<string> members, string? config)
    {
        private GuardedProcess? _process;

        public string Grpc => grpc;

        public string Member => member;

        public string Http => http;

        public string LogFile => log;

        public GrpcChannel Channel { get; } = GrpcChannel.ForAddress($"http://{grpc}");

        public int Pid => _process!.Pid;

        public bool HasExited => _process is { HasExited: true };

        public void Start()
        {
            _process?.Dispose();
            _process = GuardedProcess.Start(
                "coordinator-server.dll",
                ["--database", database, "--grpc", grpc, "--cluster", member, "--http", http, "--seed", .. members, .. config is null ? (string[])[] : ["--config", config]], log);
        }

        public async Task EndAsync()
        {
            Channel.Dispose();
            if (_process is { } process)
            {
                await process.EndAsync();
                process.Dispose();
            }
        }
    }
}
