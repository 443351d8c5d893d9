using System.Collections.Immutable;
using Coordinator.AgentProtocol;

namespace Coordinator.Actors.Agents;

/// <summary>A host whose agent has connected to some node since the cluster began.</summary>
/// <param name="Name">The host's name.</param>
/// <param name="Connected">Its stream is open.</param>
/// <param name="Node">The node that holds its stream, or held the last one.</param>
/// <param name="SinceUnixMs">When it connected or was lost, by that node's clock.</param>
/// <param name="Hello">What the agent said of itself.</param>
public sealed record KnownHost(string Name, bool Connected, string Node, long SinceUnixMs, Hello Hello)
{
    /// <summary>What it can still take, as its agent last said; what the agent said when it connected until then.</summary>
    public long MemoryFreeMiB { get; init; } = Hello.MemoryAvailableMib;
}

/// <summary>Hosts as this node knows them; may be a moment behind the other nodes.</summary>
public interface IHostDirectory
{
    KnownHost? Find(string host);

    /// <summary>By name.</summary>
    IReadOnlyList<KnownHost> All { get; }
}

/// <summary>Snapshot that <see cref="HostDirectoryActor"/> replaces and anybody may read.</summary>
public sealed class HostDirectory : IHostDirectory
{
    private volatile ImmutableSortedDictionary<string, KnownHost> _hosts = ImmutableSortedDictionary.Create<string, KnownHost>(StringComparer.Ordinal);

    public IReadOnlyList<KnownHost> All => _hosts.Values.ToList();

    public KnownHost? Find(string host) => _hosts.GetValueOrDefault(host);

    internal void Replace(IEnumerable<KnownHost> hosts) => _hosts = hosts.ToImmutableSortedDictionary(h => h.Name, h => h, StringComparer.Ordinal);
}
