using System.Collections.Immutable;
using Coordinator.Actors.Discovery;
using Coordinator.Actors.Remoting;
using Coordinator.Certificates.Links;

namespace Coordinator.Actors.Platform;

/// <summary>What one coordinator node must be told; all else stands in the HOCON files.</summary>
public sealed record CoordinatorNodeOptions
{
    /// <summary>Same for all nodes of a cluster: it is part of their addresses.</summary>
    public const string SystemName = Contracts.ControlPlanePath.SystemName;

    public required SqlStore Store { get; init; }

    /// <summary>Address that remoting binds to and other nodes reach this one by.</summary>
    public string Hostname { get; init; } = "127.0.0.1";

    /// <summary>0 lets the system choose, for a node that nobody names as a seed.</summary>
    public int Port { get; init; }

    /// <summary>
    /// <c>host:port</c> of the nodes to ask for a cluster, this one's own among them or not. Empty, and without <see cref="Contacts"/>: this node founds a cluster of its own at once.
    /// </summary>
    public ImmutableArray<string> SeedNodes { get; init; } = [];

    /// <summary>How this node learns of others; null for <see cref="SeedNodes"/>.</summary>
    public ContactPoints? Contacts { get; init; }
    /// <summary>Of the links to other coordinators. Null: those links are on loopback.</summary>
    public LinkCertificates? Certificates { get; init; }

    /// <summary>Directory of the shipped HOCON files; null for the one next to the binary.</summary>
    public string? ConfigDirectory { get; init; }

    /// <summary>An operator's HOCON file in front of the shipped ones.</summary>
    public string? ConfigFile { get; init; }

    /// <exception cref="ArgumentException">A value is out of range. The text names it.</exception>
    public void Validate()
    {
        if (Port is < 0 or > 65_535)
        {
            throw new ArgumentException($"Port {Port} is not between 0 and 65535.");
        }

        if (string.IsNullOrWhiteSpace(Hostname))
        {
            throw new ArgumentException("The node's host name is empty.");
        }

        foreach (var seed in SeedNodes)
        {
            var colon = seed.LastIndexOf(':');
            if (colon <= 0 || !ushort.TryParse(seed.AsSpan(colon + 1), out var port) || port == 0)
            {
                throw new ArgumentException($"Seed node '{seed}' is not HOST:PORT with a port between 1 and 65535.");
            }
        }

        if (SeedNodes.Distinct(StringComparer.OrdinalIgnoreCase).Count() != SeedNodes.Length)
        {
            throw new ArgumentException("A seed node is named twice.");
        }

        if (Port == 0 && SeedNodes.Length > 0 && SeedNodes[0].StartsWith(Hostname + ":", StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException("A node that is meant to be found as a seed needs a fixed port.");
        }
    }

    internal string ToHocon()
    {
        var transport = Certificates is null ? "" : $"akka.remote.dot-netty.tcp.transport-class = \"{typeof(NodeLinkTransport).AssemblyQualifiedName}\"";
        return $$"""
            {{transport}}
            akka.remote.dot-netty.tcp {
              hostname = "{{Hostname}}"
              port = {{Port}}
            }
            """;
    }

    internal ContactPoints ContactPoints => Contacts ?? (SeedNodes.IsEmpty ? new ContactPoints.Alone() : new ContactPoints.Listed(SeedNodes));
}
