namespace Coordinator.Agent.Definitions;

/// <summary>Where a QEMU that somebody else started can be reached. Both texts may hold variables.</summary>
public sealed record AdoptedMonitor(string QmpSocket, string? PidFile);
