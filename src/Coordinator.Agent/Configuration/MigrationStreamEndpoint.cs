using System.Net;

namespace Coordinator.Agent.Configuration;

/// <summary>Where the source's QEMU finds the destination's QEMU. Separate from the handoff: memory often has a network of its own.</summary>
/// <param name="Listen">Address that the destination's QEMU binds.</param>
/// <param name="Ports">Ports it may take; each running migration to this host needs one.</param>
/// <param name="Advertise">What the source's QEMU dials, with the port that was bound.</param>
public sealed record MigrationStreamEndpoint(IPAddress Listen, PortRange Ports, HostAddress Advertise);
