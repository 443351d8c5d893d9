using Coordinator.Agent.Configuration.Documents;
using Coordinator.Agent.Definitions;
using Coordinator.Certificates.Files;
using Coordinator.Domain.Admission;

namespace Coordinator.Agent.Configuration;

/// <summary>One host agent's configuration. Published schema: docs/schemas/host.schema.json.</summary>
/// <param name="HostId">Same pattern as VM names.</param>
/// <param name="StateDirectory">Absolute; on a local disk that survives a reboot. One agent per directory.</param>
/// <param name="RunDirectory">Absolute; for sockets, may be emptied by a reboot.</param>
/// <param name="Coordinators">gRPC addresses that the agent dials, all of them; at least one.</param>
/// <param name="Handoff">Agent to agent.</param>
/// <param name="MigrationStream">QEMU to QEMU.</param>
/// <param name="QemuDefault">Binary of definitions that name none.</param>
/// <param name="QemuAllowed">Further binaries that definitions may name.</param>
/// <param name="Scope">systemd scope of launched QEMUs.</param>
/// <param name="MemoryReserveMiB">Kept free of guests.</param>
/// <param name="Variables">Values for the definitions of all guests.</param>
public sealed record HostConfiguration(
    string HostId,
    string StateDirectory,
    string RunDirectory,
    IReadOnlyList<Uri> Coordinators,
    HandoffEndpoint Handoff,
    MigrationStreamEndpoint MigrationStream,
    string QemuDefault,
    IReadOnlyList<string> QemuAllowed,
    QemuScope Scope,
    int MemoryReserveMiB,
    IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>QEMU's own memory, page tables and the agent for a handful of guests; a host with many needs more.</summary>
    public const int MemoryReserveMiBDefault = 512;

    /// <summary>Guests never move between hosts of different drivers: their streams do not understand each other.</summary>
    public HypervisorDriver Driver { get; init; }

    /// <summary>How many streams may go from and to this host at a time.</summary>
    public HostLimits Limits { get; init; } = HostLimits.Default;

    /// <summary>Socket of the keeper that starts QEMUs, for an agent in a container of its own. Null: the agent starts them.</summary>
    public string? Keeper { get; init; }

    /// <summary>Certificates of the links to coordinators and other agents. Null: those links are on loopback.</summary>
    public CertificateFiles? Tls { get; init; }

    public const string QemuBinaryDefault = "/usr/bin/qemu-system-x86_64";

    /// <summary>What this host contributes to the command lines of its guests.</summary>
    public HostVariables ForDefinitions => new(HostId, StateDirectory, RunDirectory, QemuDefault, QemuAllowed, Variables) { Driver = Driver };

    /// <exception cref="ConfigurationException">Everything that is wrong with the text, with lines and columns.</exception>
    public static HostConfiguration Parse(string yaml, string sourceName)
    {
        var problems = new ProblemList();
        var configuration = new HostConfigurationReader(problems).Read(yaml ?? "");
        return configuration is null || problems.Any ? throw new ConfigurationException(sourceName, problems.ToList()) : configuration;
    }

    /// <exception cref="ConfigurationException">The file cannot be read, or its text is wrong.</exception>
    public static HostConfiguration Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length <= YamlTree.TextBytesAtMost)
            {
                return Parse(File.ReadAllText(path), path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ConfigurationException(path, [new DocumentProblem(null, null, $"the host configuration cannot be read: {e.Message}")]);
        }

        throw new ConfigurationException(path, [new DocumentProblem(null, null, "the file is larger than 1 MiB; is it the right one?")]);
    }
}
