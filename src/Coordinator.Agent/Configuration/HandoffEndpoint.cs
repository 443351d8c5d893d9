using System.Net;

namespace Coordinator.Agent.Configuration;

/// <summary>Where the peer agent of a handoff finds this one.</summary>
/// <param name="Listen">Address to bind; port 0 = any free.</param>
/// <param name="Advertise">What peers dial: another address than the bound one behind address translation.</param>
/// <param name="AdvertisePort">Null: the port that was bound.</param>
public sealed record HandoffEndpoint(IPEndPoint Listen, HostAddress Advertise, int? AdvertisePort)
{
    public string AdvertisedFor(int boundPort) => $"{Advertise.InUri}:{AdvertisePort ?? boundPort}";
}
