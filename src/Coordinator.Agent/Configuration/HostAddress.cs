using System.Net;
using System.Net.Sockets;

namespace Coordinator.Agent.Configuration;

/// <summary>A name or address that others dial, without a port.</summary>
public sealed record HostAddress(string Host)
{
    /// <summary>As it stands in a URI and in QEMU's <c>tcp:host:port</c>: IPv6 in brackets.</summary>
    public string InUri => IPAddress.TryParse(Host, out var ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{Host}]" : Host;

    public override string ToString() => InUri;
}
