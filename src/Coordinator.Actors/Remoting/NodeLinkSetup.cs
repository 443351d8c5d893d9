using Akka.Actor.Setup;
using Coordinator.Certificates.Links;

namespace Coordinator.Actors.Remoting;

/// <summary>Brings a node's certificates to its <see cref="NodeLinkTransport"/>, which Akka makes by name.</summary>
public sealed class NodeLinkSetup(LinkCertificates certificates) : Setup
{
    public LinkCertificates Certificates => certificates;
}
