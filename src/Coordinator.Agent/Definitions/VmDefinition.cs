using Coordinator.Agent.Configuration.Documents;

namespace Coordinator.Agent.Definitions;

/// <summary>
/// One guest as its owner describes it, the same text on every host. Equality of machines is <see cref="Fingerprint"/>; published schema:
/// docs/schemas/vm-definition.schema.json.
/// </summary>
public sealed class VmDefinition
{
    private VmDefinition(string sourceName, VmDefinitionContent content)
    {
        SourceName = sourceName;
        Content = content;
        Fingerprint = CanonicalForm.FingerprintOf(content);
        Variables = [.. content.Arguments.Append(content.Binary ?? "").Append(content.Adopt?.QmpSocket ?? "").Append(content.Adopt?.PidFile ?? "")
            .SelectMany(VariableText.NamesIn).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>File name or other origin, for error sentences.</summary>
    public string SourceName { get; }

    public string Name => Content.Name;

    public Guid Uuid => Content.Uuid;

    /// <summary>Absent: every virtio device that QEMU lists.</summary>
    public IReadOnlyList<string>? Devices => Content.Devices;

    /// <summary>
    /// SHA-256 of the canonical form, 64 hex digits. Layout of the text, comments, order of keys and list or text form of the arguments make no
    /// difference.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>Variables that the definition uses, built-in ones included.</summary>
    public IReadOnlyList<string> Variables { get; }

    /// <summary>True for a definition that only adopts: without arguments it cannot be launched, on no host.</summary>
    public bool CanBeLaunched => Content.Arguments.Count > 0;

    internal VmDefinitionContent Content { get; }

    /// <exception cref="DefinitionException">Everything that is wrong with the text, with lines and columns.</exception>
    public static VmDefinition Parse(string yaml, string sourceName)
    {
        var problems = new ProblemList();
        var content = VmDefinitionReader.Read(yaml ?? "", problems);
        return content is null || problems.Any
            ? throw new DefinitionException(sourceName, problems.ToList())
            : new VmDefinition(sourceName, content);
    }

    /// <param name="host">The host that launches.</param>
    /// <param name="role">Decides between a fresh guest and a destination.</param>
    /// <param name="launchId">Names this one launch for ever: <c>[a-z0-9-]</c>, at most 36 characters.</param>
    /// <exception cref="DefinitionException">A variable without a value on this host, a binary that this host does not allow, no arguments at all.</exception>
    public QemuCommandLine CommandLine(HostVariables host, LaunchRole role, string launchId) =>
        CommandLineComposer.Compose(this, host, role, launchId);

    /// <summary>Where the QEMU to adopt answers on this host, or null when the definition adopts none.</summary>
    /// <exception cref="DefinitionException">A variable without a value, or a path that is not absolute.</exception>
    public AdoptedMonitor? AdoptedOn(HostVariables host) => CommandLineComposer.Adopted(this, host);

    /// <summary>Canonical text: parses to the same fingerprint.</summary>
    public string ToYaml() => CanonicalForm.ToYaml(Content);
}
