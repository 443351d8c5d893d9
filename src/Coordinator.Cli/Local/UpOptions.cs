namespace Coordinator.Cli.Local;

/// <summary>What <c>coordctl up</c> is to start on this machine.</summary>
internal sealed record UpOptions
{
    public const int DefaultPort = 4050;

    /// <summary>Ports of the coordinators' own cluster begin this far behind those for clients, so at most ten nodes fit.</summary>
    public const int ClusterPortOffset = 10;

    /// <summary>Dashboard, metrics and health of each node are this far behind its port for clients.</summary>
    public const int HttpPortOffset = 20;

    public const int NodesAtMost = 7;

    public static readonly IReadOnlyList<string> DefaultHosts = ["alpha", "beta"];

    /// <summary>Absolute.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>1 to <see cref="NodesAtMost"/>, on one journal.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>For clients and agents; node i takes Port + i.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Host configurations as agents read them; empty makes <see cref="DefaultHosts"/>.</summary>
    public IReadOnlyList<string> HostFiles { get; init; } = [];

    /// <summary>Coordinators alone: to read a journal, or for agents that dial in from elsewhere.</summary>
    public bool WithoutHosts { get; init; }

    /// <summary>QEMU of the default hosts.</summary>
    public string QemuBinary { get; init; } = "/usr/bin/qemu-system-x86_64";

    /// <summary>Absolute; of an authority whose certificates all links use. Null: no certificates, loopback only.</summary>
    public string? CertificatesDirectory { get; init; }

    /// <summary>Ctrl-C ends the guests too.</summary>
    public bool WithGuests { get; init; }

    /// <summary>For all parts together.</summary>
    public TimeSpan ReadyWithin { get; init; } = TimeSpan.FromSeconds(60);

    public IReadOnlyList<Uri> Servers => [.. Enumerable.Range(0, Nodes).Select(node => new Uri($"{(CertificatesDirectory is null ? "http" : "https")}://127.0.0.1:{Port + node}"))];

    public IReadOnlyList<Uri> Dashboards => [.. Enumerable.Range(0, Nodes).Select(node => new Uri($"http://127.0.0.1:{Port + HttpPortOffset + node}"))];
}
