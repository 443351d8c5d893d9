using System.Globalization;
using Coordinator.Cli.Outcomes;

namespace Coordinator.Cli.Local;

/// <summary>Coordinators and agents on this machine, as children.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    readonly UpOptions options;
    readonly DataLayout layout;
    readonly string binaries;
    readonly Action<string> say;
    readonly FileStream owner;
    readonly List<SupervisedPart> coordinators = [];
    readonly List<SupervisedPart> agents = [];

    public LocalCluster(UpOptions options, string binaries, Action<string> say)
    {
        this.options = options;
        this.binaries = binaries;
        this.say = say;
        layout = new(options.DataDirectory);
        layout.Create();
        owner = Own(layout);
        Certificates = LocalCertificates.In(options.CertificatesDirectory, TimeProvider.System);
        Hosts = HostFiles.Prepare(options, layout, Certificates);
    }

    public DataLayout Layout => layout;

    /// <summary>Null: no certificates, loopback only.</summary>
    public LocalCertificates? Certificates { get; }

    public IReadOnlyList<LocalHost> Hosts { get; }

    /// <summary>Returns when every part is ready.</summary>
    /// <exception cref="CommandFailure">One ended, or it took too long; carries the end of its log.</exception>
    public async Task<TimeSpan> Start(TimeProvider clock, CancellationToken cancellation)
    {
        using var readiness = new Readiness(options.Servers, options.ReadyWithin, clock, Certificates?.OpenClient());
        for (var node = 0; node < options.Nodes; node++)
            coordinators.Add(Part(string.Create(CultureInfo.InvariantCulture, $"coordinator-{node + 1}"), "coordinator-server", ServerArguments(node)));
        // The agents start at once as well: they dial until somebody answers.
        foreach (var host in Hosts)
            agents.Add(Part($"agent-{host.Name}", "coordinator-agent", ["--config", host.ConfigurationFile]));
        await readiness.Serving([.. coordinators, .. agents], cancellation);
        await readiness.Connected(Hosts, [.. coordinators, .. agents], cancellation);
        return readiness.Elapsed;
    }

    public Task Supervise(CancellationToken cancellation) => Task.WhenAll(coordinators.Concat(agents).Select(part => part.Supervise(cancellation)));

    public IEnumerable<(string Name, int Pid, string Log)> Parts => coordinators.Concat(agents).Select(part => (part.Name, part.Pid, part.Log));

    /// <summary>Agents first, so that none of them looks for another coordinator.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(agents.Select(agent => agent.Stop()));
        await Task.WhenAll(coordinators.Select(coordinator => coordinator.Stop()));
        agents.Concat(coordinators).ToList().ForEach(part => part.Dispose());
        await owner.DisposeAsync();
    }

    SupervisedPart Part(string name, string binary, IReadOnlyList<string> arguments) =>
        new(name, Path.Combine(layout.Logs, $"{name}.log"), Path.Combine(binaries, binary), arguments, say);

    List<string> ServerArguments(int node)
    {
        List<string> arguments = ["--data", layout.Journal, "--grpc", Address(options.Port + node), "--cluster", Address(ClusterPort(node)), "--http", Address(options.Port + UpOptions.HttpPortOffset + node)];
        if (Certificates is { } certificates)
            arguments.AddRange(["--tls", certificates.Node(node)]);
        // One node founds its cluster by itself; several know each other, whichever starts first.
        if (options.Nodes > 1)
            arguments.AddRange(Enumerable.Range(0, options.Nodes).SelectMany(other => new[] { "--seed", Address(ClusterPort(other)) }));
        return arguments;
    }

    int ClusterPort(int node) => options.Port + UpOptions.ClusterPortOffset + node;

    static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    static FileStream Own(DataLayout layout)
    {
        try
        {
            return new FileStream(layout.OwnerFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new CommandFailure(ExitCode.Refused, $"another 'coordctl up' uses {layout.Root}; give this one another --data, or end that one");
        }
    }
}
