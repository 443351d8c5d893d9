using System.Net;
using System.Net.Sockets;
using Coordinator.Actors.Tests.Migrations;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Server.Hosting;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Server;

/// <summary>Real servers in this process on one journal file, with the fake hosts dialling in over gRPC.</summary>
internal sealed class ServerWorld : IAsyncDisposable
{
    /// <summary>These nodes share a process with other tests on a busy machine; how soon a silent node is put out is judged elsewhere, by processes of their own.</summary>
    private const string Patient = """
        akka.cluster.failure-detector.acceptable-heartbeat-pause = 30s
        coordinator.pause-watch.limit = 30s
        coordinator.discovery.silent-after = 60s

        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("coordinator-server-test-").FullName;
    private readonly Dictionary<string, Agent> _agents = [];
    private readonly List<Node> _nodes = [];

    public FakeWorld Fakes { get; } = new();

    public IReadOnlyList<Node> Nodes => _nodes;

    public string JournalFile => Path.Combine(_directory, "coordinator.db");

    /// <param name="config">HOCON in front of the shipped files.</param>
    public async Task<Node> StartNode(string config = "")
    {
        string configFile = Path.Combine(_directory, $"node-{_nodes.Count}.conf");
        await File.WriteAllTextAsync(configFile, Patient + config);
        int grpc = FreePort.Next();
        int cluster = FreePort.Next();
        int metrics = FreePort.Next();
        string first = $"127.0.0.1:{_nodes.FirstOrDefault(n => !n.IsStopped)?.ClusterPort ?? cluster}";
        ServerOptions options = ServerOptions.Of(configFile, _directory, $"127.0.0.1:{grpc}", $"127.0.0.1:{cluster}", [first], _ => null, $"127.0.0.1:{metrics}");
        WebApplication app = ServerHost.Build(options, logging => logging.ClearProviders());
        await app.StartAsync();
        Node node = new(app, cluster, metrics, GrpcChannel.ForAddress($"http://127.0.0.1:{grpc}"));
        _nodes.Add(node);
        return node;
    }

    /// <summary>The host's agent opens a stream to a node and reports all it has, as often as anything changes.</summary>
    public void Connect(string host, Node node)
    {
        Agent agent = new(host, node.Channel, Fakes);
        lock (_agents)
        {
            if (_agents.Remove(host, out Agent? older))
            {
                older.Dispose();
            }

            _agents[host] = agent;
        }

        Fakes.Outlet = message =>
        {
            lock (_agents)
            {
                (string to, AgentMessage wire) = Wire(message);
                _agents.GetValueOrDefault(to)?.Say(wire);
            }
        };
        agent.Start();
        Fakes.Change(_ => { });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Agent agent in _agents.Values)
        {
            agent.Dispose();
        }

        foreach (Node node in _nodes.AsEnumerable().Reverse())
        {
            node.Channel.Dispose();
            await node.Stop();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private static (string Host, AgentMessage Message) Wire(IWireMessage message) => message switch
    {
        AgentReported m => (m.Host, new AgentMessage { Report = VmReport.Parser.ParseFrom(m.Report) }),
        AgentAnswered m => (m.Host, new AgentMessage { Answer = StepAnswer.Parser.ParseFrom(m.Answer) }),
        AgentSampled m => (m.Host, new AgentMessage { Progress = ProgressSample.Parser.ParseFrom(m.Sample) }),
        _ => throw new InvalidOperationException($"agents do not say {message}"),
    };


    internal sealed class Node(WebApplication app, int clusterPort, int metricsPort, GrpcChannel channel)
    {
        public bool IsStopped { get; private set; }

        public int ClusterPort { get; } = clusterPort;

        public Uri Metrics { get; } = new($"http://127.0.0.1:{metricsPort}/metrics");

        public GrpcChannel Channel { get; } = channel;

        public WebApplication App { get; } = app;

        public Api.Coordinator.CoordinatorClient Client { get; } = new(channel);

        public async Task Stop()
        {
            if (!IsStopped)
            {
                IsStopped = true;
                await App.StopAsync();
                await App.DisposeAsync();
            }
        }
    }

    private sealed class Agent(string host, GrpcChannel channel, FakeWorld fakes) : IDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly System.Threading.Channels.Channel<AgentMessage> _said = System.Threading.Channels.Channel.CreateUnbounded<AgentMessage>();

        public void Say(AgentMessage message) => _said.Writer.TryWrite(message);

        public void Start()
        {
            AsyncDuplexStreamingCall<AgentMessage, CoordinatorMessage> call = new AgentGateway.AgentGatewayClient(channel)
                .Connect(cancellationToken: _end.Token);
            Hello hello = new() { Host = host, AgentVersion = "test", HandoffAddress = $"{host}:7001", MemoryAvailableMib = 4_096 };
            hello.QemuVersions.Add("10.0.2");
            _ = Run(call, hello);
        }

        public void Dispose() => _end.Cancel();

        private async Task Run(AsyncDuplexStreamingCall<AgentMessage, CoordinatorMessage> call, Hello hello)
        {
            try
            {
                await call.RequestStream.WriteAsync(new AgentMessage { Hello = hello });
                Task saying = Task.Run(async () =>
                {
                    await foreach (AgentMessage message in _said.Reader.ReadAllAsync(_end.Token))
                    {
                        await call.RequestStream.WriteAsync(message, _end.Token);
                    }
                });
                await foreach (CoordinatorMessage message in call.ResponseStream.ReadAllAsync(_end.Token))
                {
                    if (message.Step is not null)
                    {
                        fakes.Send(new HostName(host), message);
                    }
                }

                await saying;
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException or IOException or ObjectDisposedException)
            {
                // The node ends, or the test does.
            }
            finally
            {
                call.Dispose();
            }
        }
    }
}
