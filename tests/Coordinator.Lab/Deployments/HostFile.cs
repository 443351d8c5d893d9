namespace Coordinator.Lab.Deployments;

/// <summary>An agent's configuration of the lab, as an operator would write it.</summary>
/// <param name="Host">Its id.</param>
/// <param name="Folder">Holds what it stores and what it needs while it runs.</param>
/// <param name="Address">Where it and its QEMUs listen.</param>
/// <param name="Coordinators">Addresses with ports.</param>
/// <param name="Qemu">Path of the binary, which need not exist.</param>
public sealed record HostFile(string Host, string Folder, string Address, IEnumerable<string> Coordinators, string Qemu)
{
    /// <summary>Where other agents shall look for this one, with a port; null for where it listens.</summary>
    public string? Handoff { get; init; }

    /// <summary>Where other QEMUs shall look for this host's; null for where they listen.</summary>
    public string? Stream { get; init; }

    /// <summary>Kept free of guests.</summary>
    public int MemoryReserveMib { get; init; }

    /// <summary>The variable 'tap' of definitions; null where guests have none.</summary>
    public string? Tap { get; init; }

    public void Write(string path, LabCertificates certificates) => File.WriteAllText(path, $"""
        hostId: {Host}
        stateDirectory: {Directory.CreateDirectory(Path.Combine(Folder, "state")).FullName}
        runDirectory: {Directory.CreateDirectory(Path.Combine(Folder, "run")).FullName}
        coordinators: [{string.Join(", ", Coordinators.Select(address => $"\"https://{address}\""))}]
        handoff: {"{"} listen: "{Address}:{Deployment.HandoffPort}"{(Handoff is null ? "" : $", advertise: \"{Handoff}\"")} {"}"}
        migrationStream:
          listen: "{Address}:{Deployment.FirstStreamPort}-{Deployment.LastStreamPort}"
          advertise: "{Stream ?? Address}"
        qemu: {"{"} default: {Qemu}, scope: never {"}"}
        memoryReserveMiB: {MemoryReserveMib}
        {certificates.AgentLine(Host)}
        {(Tap is null ? "" : $"variables: {{ tap: {Tap} }}")}

        """);
}
