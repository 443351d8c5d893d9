using System.Collections.Immutable;
using System.Globalization;
using Coordinator.Actors.Discovery;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Links;

namespace Coordinator.Server.Hosting;

/// <summary>What one coordinator-server process is told. Options win over the environment, the environment over the defaults.</summary>
internal sealed record ServerOptions
{
    public const string DefaultGrpc = "127.0.0.1:4050";

    public const string DefaultCluster = "127.0.0.1:4060";

    public const string DefaultHttp = "127.0.0.1:4070";

    /// <summary>An operator's HOCON file in front of the shipped ones; null for none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Holds the journal. Shared by the coordinators of one cluster.</summary>
    public required DatabaseChoice Database { get; init; }

    /// <summary>Clients and agents; port 0 lets the system choose.</summary>
    public required HostPort Grpc { get; init; }

    /// <summary>Other coordinators.</summary>
    public required HostPort Cluster { get; init; }

    /// <summary>Cluster addresses of the nodes to join, the same list at every node; empty founds a cluster of one.</summary>
    public required ImmutableArray<HostPort> Seeds { get; init; }

    /// <summary>How this node learns of others when not by <see cref="Seeds"/>; null for them.</summary>
    public ContactPoints? Contacts { get; init; }

    /// <summary>Pages for people, <c>/metrics</c>, <c>/livez</c> and <c>/readyz</c>; null for nowhere. Plain on loopback; on any other address, which needs certificates, only for who has one too.</summary>
    public HostPort? Http { get; init; }

    /// <summary>Certificates of the links to clients, agents and other coordinators. Null: those links are on loopback.</summary>
    public CertificateFiles? Tls { get; init; }

    /// <summary>Waits at most this long for an entity before a client is told to try again.</summary>
    public TimeSpan EntityTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <exception cref="OptionException">A value cannot be used.</exception>
    internal static ServerOptions Of(
        string? config,
        string? data,
        string? grpc,
        string? cluster,
        IReadOnlyList<string> seeds,
        Func<string, string?> environment,
        string? http = null,
        string? database = null,
        string? databasePasswordFile = null,
        string? discover = null,
        string? tls = null)
    {
        string? Chosen(string? option, string variable) => string.IsNullOrWhiteSpace(option) ? NullIfEmpty(environment(variable)) : option;

        string? configFile = Chosen(config, "COORDINATOR_CONFIG");
        if (configFile is not null && !File.Exists(configFile))
        {
            throw new OptionException($"--config: there is no file '{configFile}'");
        }

        DatabaseChoice journal = DatabaseChoice.Of(data, database, databasePasswordFile, environment);
        string? certificates = Chosen(tls, "COORDINATOR_TLS");
        if (certificates is not null && !Directory.Exists(certificates))
        {
            throw new OptionException($"--tls: there is no directory '{certificates}'");
        }

        bool loopbackOnly = certificates is null;
        IReadOnlyList<string> seedTexts = seeds.Count > 0
            ? seeds
            : (NullIfEmpty(environment("COORDINATOR_SEEDS")) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        HostPort listen = HostPort.Parse("--cluster", Chosen(cluster, "COORDINATOR_CLUSTER") ?? DefaultCluster, loopbackOnly);
        if (listen.Host is "0.0.0.0" or "::")
        {
            throw new OptionException($"--cluster: '{listen.Host}' is no address by which other coordinators reach this one; give that address itself");
        }

        ImmutableArray<HostPort> seedNodes = [.. seedTexts.Select(s => HostPort.Parse("--seed", s, loopbackOnly))];
        if (seedNodes.FirstOrDefault(s => s.Port == 0) is { } zero)
        {
            throw new OptionException($"--seed: '{zero}' needs a port above 0");
        }

        ContactPoints? contacts = Chosen(discover, "COORDINATOR_DISCOVER") is { } way ? Discovery(way, seedNodes) : null;
        if (contacts is not null && listen.Port == 0)
        {
            throw new OptionException("--discover: a node that others shall find needs a port above 0 in --cluster");
        }

        if (loopbackOnly && contacts is ContactPoints.Dns { Name: var name } && LoopbackRule.Refusal(name, "give this coordinator certificates with --tls DIR") is { } refusal)
        {
            throw new OptionException($"--discover: {refusal}");
        }

        string pages = Chosen(http, "COORDINATOR_HTTP") ?? NullIfEmpty(environment("COORDINATOR_METRICS")) ?? DefaultHttp;
        return new ServerOptions
        {
            Http = pages == "off" ? null : HostPort.Parse("--http", pages, loopbackOnly),
            ConfigFile = configFile is null ? null : Path.GetFullPath(configFile),
            Database = journal,
            Contacts = contacts,
            Grpc = HostPort.Parse("--grpc", Chosen(grpc, "COORDINATOR_GRPC") ?? DefaultGrpc, loopbackOnly),
            Cluster = listen,
            Seeds = seedNodes,
            Tls = certificates is null ? null : CertificateFiles.In(Path.GetFullPath(certificates)),
        };
    }

    private static ContactPoints Discovery(string way, ImmutableArray<HostPort> seeds) => (way, way.Split(':')) switch
    {
        _ when !seeds.IsEmpty => throw new OptionException("--discover and --seed are two ways to find the other coordinators: one of them"),
        ("database", _) => new ContactPoints.Database(),
        (_, ["dns", { Length: > 0 } name, var port]) when ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) && number > 0 =>
            new ContactPoints.Dns(name, number),
        _ => throw new OptionException($"--discover: '{way}' is neither 'database' nor 'dns:NAME:PORT'"),
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
