using System.Net;
using System.Text;
using Coordinator.Agent.Configuration.Documents;
using Coordinator.Agent.Definitions;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Links;
using Coordinator.Domain.Admission;

namespace Coordinator.Agent.Configuration;

internal sealed class HostConfigurationReader(ProblemList problems)
{
    private const int MemoryReserveMiBAtMost = 16 * 1024 * 1024;

    /// <summary>More than this at a time is a misprint: each needs a port, a QEMU and its memory.</summary>
    private const int StreamsAtMost = 1_000;

    private const int BandwidthMiBPerSecAtMost = 1024 * 1024;

    private static readonly string[] Keys =
        ["hostId", "stateDirectory", "runDirectory", "coordinators", "handoff", "migrationStream", "tls", "driver", "qemu", "memoryReserveMiB", "limits", "variables"];

    public HostConfiguration? Read(string yaml)
    {
        var root = YamlTree.Read(yaml, problems);
        if (root is not MappingNode mapping)
        {
            if (root is not null)
            {
                problems.Add(root.At, "a host configuration is a mapping: lines like 'hostId: host-a'.");
            }

            return null;
        }

        var reader = new MappingReader(mapping, "a host configuration", Keys, problems);
        var hostId = HostId(reader);
        var stateDirectory = Directory(reader.Text("stateDirectory", required: true));
        var runDirectory = RunDirectory(reader.Text("runDirectory", required: true));
        var coordinators = Coordinators(reader);
        var handoff = Handoff(reader);
        var stream = MigrationStream(reader);
        var tls = Tls(reader);
        var driver = Driver(reader.Text("driver"));
        var (qemuDefault, qemuAllowed, scope, keeper) = Qemu(reader);
        var reserveMiB = reader.WholeNumber("memoryReserveMiB", 0, MemoryReserveMiBAtMost) ?? HostConfiguration.MemoryReserveMiBDefault;
        var limits = Limits(reader);
        var variables = VariableMap.Read(reader.Mapping("variables"), problems);
        if (!problems.Any)
        {
            KeepOnMachine(reader, coordinators, handoff!, tls);
        }

        return problems.Any
            ? null
            : new HostConfiguration(
                hostId!, stateDirectory!, runDirectory!, coordinators, handoff!, stream!, qemuDefault, qemuAllowed, scope, reserveMiB, variables)
            {
                Driver = driver,
                Keeper = keeper,
                Limits = limits,
                Tls = tls,
            };
    }

    private HostLimits Limits(MappingReader reader)
    {
        if (reader.Mapping("limits") is not { } mapping)
        {
            return HostLimits.Default;
        }

        var section = new MappingReader(mapping, "'limits'", ["outgoing", "incoming", "bandwidthMiBPerSec"], problems);
        return new HostLimits(
            section.WholeNumber("outgoing", 1, StreamsAtMost) ?? HostLimits.Default.Outgoing,
            section.WholeNumber("incoming", 1, StreamsAtMost) ?? HostLimits.Default.Incoming,
            section.WholeNumber("bandwidthMiBPerSec", 1, BandwidthMiBPerSecAtMost) is { } mib ? (long)mib << 20 : null);
    }

    private string? HostId(MappingReader reader)
    {
        var hostId = reader.Text("hostId", required: true);
        if (hostId is not null && !ResourceName.IsValid(hostId.Text))
        {
            problems.Add(hostId.At, $"'{Shown.Briefly(hostId.Text)}' is not a host id; {ResourceName.Rule}.");
        }

        return hostId?.Text;
    }

    private string? Directory(ScalarNode? text)
    {
        // A comma ends a value in QEMU's option syntax, and both directories appear inside options.
        if (text is not null && (!text.Text.StartsWith('/') || text.Text.Contains(',', StringComparison.Ordinal)))
        {
            problems.Add(text.At, $"'{Shown.Briefly(text.Text)}' must be an absolute path without commas.");
        }

        return text is null ? null : Path.TrimEndingDirectorySeparator(text.Text);
    }

    private string? RunDirectory(ScalarNode? text)
    {
        if (text is not null && Encoding.UTF8.GetByteCount(text.Text) > HostVariables.RunDirectoryBytesAtMost)
        {
            problems.Add(text.At, $"'runDirectory' is longer than {HostVariables.RunDirectoryBytesAtMost} bytes; Linux allows 107 for the path of a socket, "
                + "and names of sockets follow.");
        }

        return Directory(text);
    }

    private List<Uri> Coordinators(MappingReader reader)
    {
        var addresses = new List<Uri>();
        foreach (var text in reader.TextList("coordinators") ?? [])
        {
            if (Uri.TryCreate(text.Text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0
                && uri is { PathAndQuery: "/", Fragment: "", UserInfo: "" })
            {
                addresses.Add(uri!);
            }
            else
            {
                problems.Add(text.At,
                    $"'{Shown.Briefly(text.Text)}' is not the address of a coordinator; write https://name:port (http:// on one machine only).");
            }
        }

        if (reader.Node("coordinators") is null or ListNode { Items.Count: 0 })
        {
            problems.Add(reader.Node("coordinators")?.At ?? reader.At, "'coordinators' is missing or empty; list the gRPC address of every coordinator, e.g. "
                + "https://coordinator-1.example:5080.");
        }

        return addresses;
    }

    private HandoffEndpoint? Handoff(MappingReader reader)
    {
        if (Section(reader, "handoff", "listen: 10.0.0.5:5090") is not { } section || section.Text("listen", required: true) is not { } listen)
        {
            return null;
        }

        if (AddressText.Split(listen.Text) is not { } parts || AddressText.Address(parts.Host) is not { } address
            || AddressText.Port(parts.Port) is not { } port)
        {
            problems.Add(listen.At, $"'{Shown.Briefly(listen.Text)}' cannot be listened on; write an IP address and a port, e.g. 10.0.0.5:5090 "
                + "or \"[fd00::5]:0\" in quotes (0 = any free port).");
            return null;
        }

        if (Advertised(section, "handoff", address) is not var (advertised, advertisedPort))
        {
            return null;
        }

        if (advertisedPort is not null && port == 0)
        {
            problems.Add(section.At,
                "'handoff.advertise' names a port while 'handoff.listen' takes any free one; give both a port, or leave it out of 'advertise'.");
        }

        return new HandoffEndpoint(new IPEndPoint(address, port), advertised, advertisedPort);
    }

    private MigrationStreamEndpoint? MigrationStream(MappingReader reader)
    {
        if (Section(reader, "migrationStream", "listen: 10.1.0.5:49152-49215") is not { } section || section.Text("listen", required: true) is not { } listen)
        {
            return null;
        }

        if (AddressText.Split(listen.Text) is not { } parts || AddressText.Address(parts.Host) is not { } address
            || AddressText.Ports(parts.Port) is not { } ports)
        {
            problems.Add(listen.At, $"'{Shown.Briefly(listen.Text)}' cannot be listened on; write an IP address and ports, e.g. 10.1.0.5:49152-49215 "
                + "or \"[fd00::5]:0\" in quotes (0 = any free port).");
            return null;
        }

        if (Advertised(section, "migrationStream", address) is not var (advertised, advertisedPort))
        {
            return null;
        }

        if (advertisedPort is not null)
        {
            problems.Add(section.At, "'migrationStream.advertise' must not name a port: every migration takes its own from 'listen'.");
        }

        return new MigrationStreamEndpoint(address, ports, advertised);
    }

    private CertificateFiles? Tls(MappingReader reader)
    {
        if (reader.Mapping("tls") is not { } mapping)
        {
            return null;
        }

        var section = new MappingReader(mapping, "'tls'", ["certificate", "key", "authorities", "revoked"], problems);
        var certificate = PemFile(section, "certificate", required: true);
        var key = PemFile(section, "key", required: true);
        var authorities = PemFile(section, "authorities", required: true);
        var revoked = PemFile(section, "revoked", required: false);
        return certificate is null || key is null || authorities is null ? null : new CertificateFiles(certificate, key, authorities, revoked);
    }

    private string? PemFile(MappingReader section, string key, bool required)
    {
        var text = section.Text(key, required);
        if (text is not null && !text.Text.StartsWith('/'))
        {
            problems.Add(text.At, $"'tls.{key}' must be the absolute path of a PEM file, not '{Shown.Briefly(text.Text)}'.");
        }

        return text?.Text;
    }

    /// <summary>Links to coordinators and other agents are on loopback or have certificates, never neither.</summary>
    private void KeepOnMachine(MappingReader reader, List<Uri> coordinators, HandoffEndpoint handoff, CertificateFiles? tls)
    {
        const string How = "give this host a certificate with 'tls'";
        foreach (var address in coordinators)
        {
            if (tls is not null && address.Scheme != Uri.UriSchemeHttps)
            {
                problems.Add(reader.Node("coordinators")!.At, $"'{address}' is refused: with 'tls' every link is encrypted; write https://{address.Authority}.");
            }
            else if (tls is null && address.Scheme == Uri.UriSchemeHttps)
            {
                problems.Add(reader.Node("coordinators")!.At, $"'{address}' needs certificates: {How} (certificate, key, authorities), or write http:// for a coordinator on loopback.");
            }
            else if (tls is null && LoopbackRule.Refusal(address.Host, How) is { } refusal)
            {
                problems.Add(reader.Node("coordinators")!.At, $"'coordinators': {refusal}.");
            }
        }

        foreach (var (key, host) in new[] { ("handoff.listen", handoff.Listen.Address.ToString()), ("handoff.advertise", handoff.Advertise.Host) })
        {
            if (tls is null && LoopbackRule.Refusal(host, How) is { } refusal)
            {
                problems.Add(reader.Node("handoff")!.At, $"'{key}': {refusal}.");
                return;
            }
        }
    }

    private MappingReader? Section(MappingReader reader, string key, string example)
    {
        if (reader.Node(key) is null)
        {
            problems.Add(reader.At, $"'{key}' is missing in a host configuration, e.g. '{key}: {{ {example} }}'.");
            return null;
        }

        return reader.Mapping(key) is { } mapping ? new MappingReader(mapping, $"'{key}'", ["listen", "advertise"], problems) : null;
    }

    private (HostAddress Address, int? Port)? Advertised(MappingReader section, string key, IPAddress listen)
    {
        if (section.Node("advertise") is null)
        {
            if (AddressText.IsDialable(listen.ToString()))
            {
                return (new HostAddress(listen.ToString()), null);
            }

            problems.Add(section.At, $"'{key}.advertise' is missing: '{key}.listen' takes every address of this host, and others must know which one to dial.");
            return null;
        }

        if (section.Text("advertise") is not { } text)
        {
            return null;
        }

        if (AddressText.Split(text.Text) is not { } parts || !AddressText.IsDialable(parts.Host)
            || (parts.Port is not null && AddressText.Port(parts.Port) is null or 0))
        {
            problems.Add(text.At, $"'{Shown.Briefly(text.Text)}' cannot be dialled by others; write a name or address, e.g. host-a.example or \"[fd00::5]\".");
            return null;
        }

        return (new HostAddress(parts.Host), AddressText.Port(parts.Port));
    }

    private HypervisorDriver Driver(ScalarNode? text)
    {
        switch (text?.Text)
        {
            case null or "qemu":
                return HypervisorDriver.Qemu;
            case "simulated":
                return HypervisorDriver.Simulated;
            default:
                problems.Add(text.At, $"'driver' must be qemu or simulated, not '{Shown.Briefly(text.Text)}'.");
                return HypervisorDriver.Qemu;
        }
    }

    private (string Default, IReadOnlyList<string> Allowed, QemuScope Scope, string? Keeper) Qemu(MappingReader reader)
    {
        if (reader.Mapping("qemu") is not { } mapping)
        {
            return (HostConfiguration.QemuBinaryDefault, [], QemuScope.Auto, null);
        }

        var section = new MappingReader(mapping, "'qemu'", ["default", "allowed", "scope", "keeper"], problems);
        var binary = Binary(section.Text("default")) ?? HostConfiguration.QemuBinaryDefault;
        var allowed = (section.TextList("allowed") ?? []).Select(Binary).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var (scope, keeper) = (Scope(section.Text("scope")), Directory(section.Text("keeper")));
        if (keeper is not null && scope == QemuScope.Always)
        {
            problems.Add(section.At, "'qemu.scope: always' and 'qemu.keeper' are two ways to let QEMU outlive the agent: one of them.");
        }

        return (binary, allowed, scope, keeper);
    }

    private string? Binary(ScalarNode? text)
    {
        if (text is not null && !text.Text.StartsWith('/'))
        {
            problems.Add(text.At, $"'{Shown.Briefly(text.Text)}' must be the absolute path of a QEMU binary, e.g. {HostConfiguration.QemuBinaryDefault}.");
        }

        return text?.Text;
    }

    private QemuScope Scope(ScalarNode? text)
    {
        switch (text?.Text)
        {
            case null or "auto":
                return QemuScope.Auto;
            case "always":
                return QemuScope.Always;
            case "never":
                return QemuScope.Never;
            default:
                problems.Add(text.At, $"'scope' must be auto, always or never, not '{Shown.Briefly(text.Text)}'.");
                return QemuScope.Auto;
        }
    }
}
