using System.Collections.Immutable;

namespace Coordinator.Server.Hosting;

/// <summary>What one coordinator-server process is told. Options win over the environment, the environment over the defaults.</summary>
internal sealed record ServerOptions
{
    public const string DefaultGrpc = "127.0.0.1:4050";

    public const string DefaultCluster = "127.0.0.1:4060";

    public const string DefaultMetrics = "127.0.0.1:4070";

    /// <summary>An operator's HOCON file in front of the shipped ones; null for none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Holds the journal. Shared by the coordinator processes of one machine.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Clients and agents; port 0 lets the system choose.</summary>
    public required HostPort Grpc { get; init; }

    /// <summary>Other coordinators.</summary>
    public required HostPort Cluster { get; init; }

    /// <summary>Cluster addresses of the nodes to join, the same list at every node; empty founds a cluster of one.</summary>
    public required ImmutableArray<HostPort> Seeds { get; init; }

    /// <summary>Where Prometheus scrapes <c>/metrics</c>; null for nowhere. Not only loopback: it says names of hosts and figures, and takes no requests.</summary>
    public HostPort? Metrics { get; init; }

    /// <summary>Waits at most this long for an entity before a client is told to try again.</summary>
    public TimeSpan EntityTimeout { get; init; } = TimeSpan.FromSeconds(8);

    public string JournalFile => Path.Combine(DataDirectory, Coordinator.Actors.Platform.JournalFile.FileName);

    /// <exception cref="OptionException">A value cannot be used.</exception>
    internal static ServerOptions Of(
        string? config, string? data, string? grpc, string? cluster, IReadOnlyList<string> seeds, Func<string, string?> environment, string? metrics = null)
    {
        string? Chosen(string? option, string variable) => string.IsNullOrWhiteSpace(option) ? NullIfEmpty(environment(variable)) : option;

        string? configFile = Chosen(config, "COORDINATOR_CONFIG");
        if (configFile is not null && !File.Exists(configFile))
        {
            throw new OptionException($"--config: there is no file '{configFile}'");
        }

        string directory = Chosen(data, "COORDINATOR_DATA")
            ?? throw new OptionException(
                "--data DIR is needed (or COORDINATOR_DATA): the directory of the journal, the same for all coordinators of this machine");
        IReadOnlyList<string> seedTexts = seeds.Count > 0
            ? seeds
            : (NullIfEmpty(environment("COORDINATOR_SEEDS")) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        HostPort listen = HostPort.Parse("--cluster", Chosen(cluster, "COORDINATOR_CLUSTER") ?? DefaultCluster);
        ImmutableArray<HostPort> seedNodes = [.. seedTexts.Select(s => HostPort.Parse("--seed", s))];
        if (seedNodes.FirstOrDefault(s => s.Port == 0) is { } zero)
        {
            throw new OptionException($"--seed: '{zero}' needs a port above 0");
        }

        string scrape = Chosen(metrics, "COORDINATOR_METRICS") ?? DefaultMetrics;
        return new ServerOptions
        {
            Metrics = scrape == "off" ? null : HostPort.Parse("--metrics", scrape, loopbackOnly: false),
            ConfigFile = configFile is null ? null : Path.GetFullPath(configFile),
            DataDirectory = Path.GetFullPath(directory),
            Grpc = HostPort.Parse("--grpc", Chosen(grpc, "COORDINATOR_GRPC") ?? DefaultGrpc),
            Cluster = listen,
            Seeds = seedNodes,
        };
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
