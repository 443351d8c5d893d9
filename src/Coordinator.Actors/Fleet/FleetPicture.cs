using System.Collections.Immutable;
using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>Migrations under way from and to one host.</summary>
public readonly record struct HostTraffic(int In, int Out);

/// <summary>Migrations that began and ended within <see cref="RecentMigrations.Window"/>.</summary>
public sealed record RecentCounts(int Started, int Succeeded, int Failed, int Cancelled, int Lost)
{
    public static readonly RecentCounts None = new(0, 0, 0, 0, 0);
}

/// <summary>The whole fleet at one moment, made once and shown to everybody who looks: nobody may change it.</summary>
/// <param name="Version">Grows with every change.</param>
/// <param name="Vms">In no particular order.</param>
/// <param name="Phases">Migrations under way, by phase; phases without one are missing.</param>
/// <param name="Hosts">Migrations under way, by host.</param>
/// <param name="Recent">Of the last minutes.</param>
/// <param name="LostNodes">Nodes that are gone or silent and on which entities were last seen: what stands of these VMs is as it was then.</param>
/// <param name="IsFilled">The journal has been read: VMs without a living entity are there too.</param>
public sealed record FleetPicture(
    long Version,
    IReadOnlyList<VmSummary> Vms,
    IReadOnlyDictionary<string, int> Phases,
    IReadOnlyDictionary<string, HostTraffic> Hosts,
    RecentCounts Recent,
    ImmutableHashSet<string> LostNodes,
    bool IsFilled)
{
    public static readonly FleetPicture Empty = new(
        0, [], ImmutableDictionary<string, int>.Empty, ImmutableDictionary<string, HostTraffic>.Empty, RecentCounts.None, [], IsFilled: false);

    public int InDoubt => Phases.GetValueOrDefault("InDoubt");

    public int UnderWay => Phases.Values.Sum();
}
