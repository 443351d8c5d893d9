using System.Globalization;
using Coordinator.Contracts.Api;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;
using Coordinator.Lab.Observers;

namespace Coordinator.Lab.Deployments;

/// <summary>
/// One or two coordinators on one SQLite journal and the agents of two hosts, alpha and beta, all of them real processes in a network namespace of their own: ports cannot
/// collide, and deleting the namespace ends whatever still runs in it, QEMUs included, however a test ended.
/// </summary>
public sealed class Deployment : IAsyncDisposable
{
    public const string Alpha = "alpha";
    public const string Beta = "beta";

    /// <summary>Ports of the migration streams, the same ones where QEMU listens and where the relay does.</summary>
    public const int FirstStreamPort = 49_200;
    public const int LastStreamPort = 49_207;

    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(90);

    private readonly Wiring _wiring;
    private readonly List<Part> _coordinators = [];
    private readonly Dictionary<string, Part> _agents = [];

    private Deployment(LabNetwork network, string folder, Wiring wiring)
    {
        Network = network;
        Folder = folder;
        _wiring = wiring;
    }

    public LabNetwork Network { get; }

    public string Folder { get; }

    public Api Api { get; private set; } = null!;

    public LabCertificates Certificates { get; private set; } = null!;

    /// <summary>Null unless it was asked for.</summary>
    public Recording? Recording { get; private set; }

    public IReadOnlyList<Part> Coordinators => _coordinators;

    public Part Agent(string host) => _agents[host];

    /// <param name="qemu">Of both hosts; null for the modern one.</param>
    /// <param name="coordinators">1 or 2.</param>
    /// <param name="relayed">What the source's QEMU dials is <see cref="RelayAddress"/>, where a test must listen.</param>
    /// <param name="betaQemu">Path of another QEMU on beta, which need not exist.</param>
    /// <param name="guests">Taps of each host; definitions get the first one as 'tap'.</param>
    /// <param name="betaReserveMib">Memory that beta keeps free of guests.</param>
    /// <param name="recorded">What happens is written down; see <see cref="Recording"/>.</param>
    /// <param name="wiring">What a test puts between the parts and into their environment; it must listen where that says.</param>
    public static async Task<Deployment> StartAsync(
        QemuBinary? qemu = null, int coordinators = 1, bool relayed = false, string? betaQemu = null, int guests = 1, int betaReserveMib = 0, bool recorded = false,
        Wiring? wiring = null)
    {
        await QemuBinary.Install();
        qemu ??= await QemuBinary.Modern();
        LabNetwork network = await LabNetwork.Create([Alpha, Beta], guests);
        Deployment deployment = new(network, Directory.CreateTempSubdirectory("e2e-").FullName, wiring ?? Wiring.Plain);
        try
        {
            deployment.Recording = recorded ? Recording.Start(deployment.Folder) : null;
            string alphaBinary = deployment.Recording?.Observe(Alpha, qemu.Path) ?? qemu.Path;
            string betaBinary = deployment.Recording?.Observe(Beta, betaQemu ?? qemu.Path) ?? betaQemu ?? qemu.Path;
            deployment.Configure(coordinators, relayed, (alphaBinary, 0), (betaBinary, betaReserveMib));
            await deployment._wiring.OnNetwork(deployment);
            await deployment.StartPartsAsync();
            return deployment;
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>Both hosts are connected to living coordinators, as every living coordinator sees it.</summary>
    public Task ConnectedAsync() => Eventually.Becomes(
        async () =>
        {
            for (int node = 0; node < _coordinators.Count; node++)
            {
                if (_coordinators[node].IsRunning && (await Api.HostsOfAsync(node))?.Count(host => host.Connected) != _agents.Count)
                {
                    return null;
                }
            }

            return "";
        },
        s_startLimit, "both agents to be connected at every coordinator", Log);

    /// <summary>In the relay's stead of this host: loopback too, so nothing leaves the namespace.</summary>
    public static string RelayAddress(string host) => host == Alpha ? "127.0.77.1" : "127.0.77.2";

    /// <summary>Ports of the coordinators' API and of the agents' handoff, each the same behind a relay.</summary>
    public const int FirstApiPort = 4050;
    public const int HandoffPort = 5090;

    /// <summary>Where this host's agent looks for coordinators when they are relayed: one address for each host, so that one host can be cut off.</summary>
    public static string CoordinatorRelayAddress(string host) => host == Alpha ? "127.0.79.1" : "127.0.79.2";

    /// <summary>Where other agents look for this host's agent when the handoff is relayed.</summary>
    public static string HandoffRelayAddress(string host) => host == Alpha ? "127.0.78.1" : "127.0.78.2";

    public string StreamAddress(string host) => Network[host].Address;

    public string Log() => string.Join('\n', _coordinators.Concat(_agents.Values).Select(part => $"--- {part.Name}\n{part.Output}"));

    public async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        Certificates?.Dispose();

        // However one of them goes: nothing runs on, and nothing stays behind.
        try
        {
            await EndRecordingAsync();
        }
        finally
        {
            try
            {
                foreach (Part part in _coordinators.Concat(_agents.Values))
                {
                    await part.DisposeAsync();
                }
            }
            finally
            {
                try
                {
                    await Network.DisposeAsync();
                }
                finally
                {
                    await RemoveFolderAsync();
                }
            }
        }
    }

    /// <summary>Ends the agents in order and the recording with them, so that its directory can be judged. Guests go on.</summary>
    public async Task<string> EndRecordingAsync()
    {
        foreach (Part agent in _agents.Values.Where(_ => Recording is not null))
        {
            await agent.EndAsync();
        }

        if (Recording is { } recording)
        {
            await recording.DisposeAsync();
        }

        return Recording?.Directory ?? "";
    }

    private async Task RemoveFolderAsync()
    {
        try
        {
            await _wiring.OnEnd();
        }
        finally
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private async Task StartPartsAsync()
    {
        // The first coordinator makes the journal's tables.
        foreach (Part part in _coordinators.Concat(_agents.Values))
        {
            part.Start();
        }

        await ConnectedAsync();
    }

    private void Configure(int coordinators, bool relayed, (string Qemu, int ReserveMib) alpha, (string Qemu, int ReserveMib) beta)
    {
        Certificates = LabCertificates.In(Path.Combine(Folder, "certificates"));
        string data = Directory.CreateDirectory(Path.Combine(Folder, "journal")).FullName;
        string[] api = [.. Enumerable.Range(0, coordinators).Select(node => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FirstApiPort + node}"))];
        string[] cluster = [.. Enumerable.Range(0, coordinators).Select(node => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{4060 + node}"))];
        for (int node = 0; node < coordinators; node++)
        {
            string[] seeds = coordinators == 1 ? [] : ["--seed", .. cluster];
            _coordinators.Add(new Part(Network.Space, $"coordinator-{node}", "coordinator-server", ["--data", data, "--grpc", api[node], "--cluster", cluster[node], "--metrics", $"127.0.0.1:{4070 + node}", "--tls", Certificates.Node($"coordinator-{node}", ["127.0.0.1", CoordinatorRelayAddress(Alpha), CoordinatorRelayAddress(Beta)]), .. seeds],
                _wiring.Environment($"coordinator-{node}")));
        }

        foreach ((string host, (string qemu, int reserveMib)) in new[] { (Alpha, alpha), (Beta, beta) })
        {
            string folder = Directory.CreateDirectory(Path.Combine(Folder, host)).FullName;
            string path = Path.Combine(folder, "host.yaml");
            IEnumerable<string> dialled = _wiring.CoordinatorsRelayed
                ? Enumerable.Range(0, coordinators).Select(node => string.Create(CultureInfo.InvariantCulture, $"{CoordinatorRelayAddress(host)}:{FirstApiPort + node}"))
                : api;
            new HostFile(host, folder, Network[host].Address, dialled, qemu)
            {
                Handoff = _wiring.HandoffRelayed ? $"{HandoffRelayAddress(host)}:{HandoffPort}" : null,
                Stream = relayed ? RelayAddress(host) : null,
                MemoryReserveMib = reserveMib,
                Tap = Network[host].Tap,
            }.Write(path, Certificates);
            IEnumerable<KeyValuePair<string, string>> environment = _wiring.Environment($"agent-{host}").Concat(Recording?.Environment ?? new Dictionary<string, string>(StringComparer.Ordinal));
            _agents.Add(host, new Part(Network.Space, $"agent-{host}", "coordinator-agent", ["--config", path], environment.ToDictionary(StringComparer.Ordinal), _wiring.AgentsStartedBy));
        }

        Api = new Api(Network.Namespace, api.Select(address => $"https://{address}"), Certificates.OfClient, Log);
    }
}
