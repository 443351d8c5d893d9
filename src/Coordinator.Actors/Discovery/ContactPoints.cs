using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Coordinator.Actors.Discovery;

/// <summary>Cluster addresses (<c>host:port</c>) that a node is told of, besides those in the database.</summary>
public abstract record ContactPoints
{
    /// <exception cref="SocketException">DNS does not answer.</exception>
    internal abstract Task<ImmutableArray<string>> Find(CancellationToken stop);

    /// <summary>Nobody is to be looked for: this node founds a cluster of its own at once.</summary>
    public sealed record Alone : ContactPoints
    {
        internal override Task<ImmutableArray<string>> Find(CancellationToken stop) => Task.FromResult(ImmutableArray<string>.Empty);
    }

    /// <summary>Those in the database are enough.</summary>
    public sealed record Database : ContactPoints
    {
        internal override Task<ImmutableArray<string>> Find(CancellationToken stop) => Task.FromResult(ImmutableArray<string>.Empty);
    }

    public sealed record Listed(ImmutableArray<string> Addresses) : ContactPoints
    {
        internal override Task<ImmutableArray<string>> Find(CancellationToken stop) => Task.FromResult(Addresses);
    }

    /// <summary>All A and AAAA records of a name, asked anew at every look; a name that is not there (yet) has none.</summary>
    public sealed record Dns(string Name, int Port) : ContactPoints
    {
        internal override async Task<ImmutableArray<string>> Find(CancellationToken stop)
        {
            try
            {
                var addresses = await System.Net.Dns.GetHostAddressesAsync(Name, stop).ConfigureAwait(false);
                return [.. addresses.Select(address => Text(address)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
            {
                return [];
            }
        }

        private string Text(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
            ? string.Create(CultureInfo.InvariantCulture, $"[{address}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{address}:{Port}");
    }
}
