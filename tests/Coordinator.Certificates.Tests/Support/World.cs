using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Coordinator.Agent;
using Coordinator.Agent.Configuration;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Coordinator.Server.Hosting;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Client = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Certificates.Tests.Support;

/// <summary>A coordinator and the agents of two hosts, as their programs make them, in this process: every link with certificates.</summary>
public sealed class World : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(90);

    private readonly Dictionary<string, AgentHost> _agents = [];
    private WebApplication? _coordinator;

    internal TestAuthority Authority { get; } = new();

    internal Notes CoordinatorNotes { get; } = new();

    internal Notes AlphaNotes { get; } = new();

    internal string Alpha { get; private set; } = "";

    internal string Beta { get; private set; } = "";

    internal string Ann { get; private set; } = "";

    internal string NodeDirectory { get; private set; } = "";

    internal int GrpcPort { get; private set; }

    internal int ClusterPort { get; private set; }

    internal int HandoffPort(string host) => int.Parse(_agents[host].Context.HandoffAddress.Split(':')[^1], CultureInfo.InvariantCulture);

    internal AgentHost Agent(string host) => _agents[host];

    public async Task InitializeAsync()
    {
        NodeDirectory = Authority.Issue(TestAuthority.Node("one"));
        Alpha = Authority.Issue(TestAuthority.Agent("alpha"));
        Beta = Authority.Issue(TestAuthority.Agent("beta"));
        Ann = Authority.Issue(TestAuthority.Client("ann"));
        (GrpcPort, ClusterPort) = (FreePort.Next(), FreePort.Next());
        ServerOptions options = ServerOptions.Of(
            null, Path.Combine(Authority.Folder, "journal"), $"127.0.0.1:{GrpcPort}", $"127.0.0.1:{ClusterPort}", [], _ => null, "off", tls: NodeDirectory);
        _coordinator = ServerHost.Build(options, logging => logging.ClearProviders().AddProvider(CoordinatorNotes));
        await _coordinator.StartAsync();
        await StartAgentAsync("alpha", Alpha, AlphaNotes);
        await StartAgentAsync("beta", Beta, new Notes());
        await ConnectedAsync("alpha", "beta");
    }

    /// <summary>Exactly these hosts are connected, as a client with a good certificate is told.</summary>
    internal async Task ConnectedAsync(params string[] hosts)
    {
        string seen = "";
        await Eventually.Becomes(
            async () =>
            {
                using LinkCertificates certificates = TestAuthority.Open(Ann, NullLogger.Instance);
                using GrpcChannel channel = Dial(certificates);
                IEnumerable<string> connected = (await new Client(channel).ListHostsAsync(new ListHostsRequest())).Hosts.Where(host => host.Connected).Select(host => host.Name).Order(StringComparer.Ordinal);
                seen = string.Join(' ', connected);
                return seen == string.Join(' ', hosts) ? "" : null;
            },
            s_limit, $"exactly {string.Join(' ', hosts)} to be connected", () => $"{seen}\n{CoordinatorNotes.Text}\n{AlphaNotes.Text}");
    }

    internal GrpcChannel Dial(LinkCertificates certificates) => GrpcChannel.ForAddress($"https://127.0.0.1:{GrpcPort}", new GrpcChannelOptions
    {
        HttpHandler = OutgoingLink.Handler(certificates, to => $"the coordinator at {to.Host}:{to.Port}", PeerExpectation.NodeAt, TimeSpan.FromSeconds(5)),
        DisposeHttpClient = true,
    });

    /// <summary>What is in the files is in force when this returns; the processes' own look comes within a second.</summary>
    internal void Reread()
    {
        _coordinator!.Services.GetRequiredService<LinkCertificates>().Reread();
        foreach (AgentHost agent in _agents.Values)
        {
            agent.Context.Certificates!.Reread();
        }
    }

    public async Task DisposeAsync()
    {
        foreach (AgentHost agent in _agents.Values)
        {
            await agent.DisposeAsync();
        }

        if (_coordinator is not null)
        {
            await _coordinator.StopAsync();
            await _coordinator.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Authority.Dispose();
    }


    private async Task StartAgentAsync(string host, string directory, Notes notes)
    {
        string folder = Path.Combine(Authority.Folder, host);
        HostConfiguration configuration = HostConfiguration.Parse(
            $"""
            hostId: {host}
            stateDirectory: {folder}/state
            runDirectory: {folder}/run
            coordinators: ["https://127.0.0.1:{GrpcPort}"]
            handoff: {"{"} listen: "127.0.0.1:0" {"}"}
            migrationStream: {"{"} listen: "127.0.0.1:0" {"}"}
            driver: simulated
            tls: {"{"} certificate: {directory}/certificate.pem, key: {directory}/key.pem, authorities: {directory}/authorities.pem, revoked: {directory}/revoked.pem {"}"}
            """,
            "host.yaml");
        Directory.CreateDirectory($"{folder}/run");
        _agents[host] = await AgentHost.StartAsync(configuration, logging => logging.AddProvider(notes).AddFilter("Microsoft", LogLevel.Warning));
    }
}
