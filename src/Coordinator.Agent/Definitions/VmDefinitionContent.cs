namespace Coordinator.Agent.Definitions;

/// <summary>A definition after reading: every value checked, <c>-uuid</c> taken out of the arguments, maps sorted by key.</summary>
internal sealed record VmDefinitionContent(
    string Name,
    Guid Uuid,
    string? Binary,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Variables,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Hosts,
    AdoptedMonitor? Adopt,
    IReadOnlyList<string>? Devices,
    int? MemoryMiB)
{
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> AntiAffinity { get; init; } = [];
}
