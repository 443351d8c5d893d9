using System.Globalization;
using Coordinator.Chaos.Faults;
using Coordinator.History;
using Coordinator.Lab;

namespace Coordinator.Chaos.Cluster;

/// <summary>What befalls the cluster in one round.</summary>
/// <param name="Name">Also that of its result's file.</param>
/// <param name="Make">Given where it notes what it does.</param>
internal sealed record ClusterFault(string Name, Func<ClusterLab, Action<HistoryRecord>, Fault> Make)
{
    /// <summary>Some coordinator must say, before it is over, that something is amiss.</summary>
    public bool IsSaid { get; init; }

    /// <summary>Those who are left must act on: it lasts until they have moved each guest, for as long as that takes.</summary>
    public bool OthersActOn { get; init; }

    // Beyond the keep-alives of agents (2 and 4 s) and the time by which a silent coordinator is put out or puts itself out (3 + 3 s, and 6 s of its own watch).
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(12);

    // Beyond the journal's breaker and the lease's 5 s.
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    private static readonly string[] s_nodes = ["coordinator-0", "coordinator-1", "coordinator-2"];
    private static readonly string[] s_hosts = ["alpha", "beta", "gamma", "delta"];
    private static readonly string[] s_all = [.. s_nodes, "database", .. s_hosts];

    /// <summary>Each machine killed, stopped, and at another time; every pair cut, and every half from the other; and what befalls several or takes longer.</summary>
    public static IReadOnlyList<ClusterFault> All { get; } =
    [
        .. s_all.Select(name => new ClusterFault($"kill.{name}", (lab, note) => new KilledMembers(note, TimeSpan.Zero, lab[name]))),
        .. s_nodes.Select(name => Stop(name, s_silence) with { OthersActOn = true }),
        .. s_hosts.Append("database").Select(name => Stop(name, s_silence)),
        .. Pairs().Select(pair => Cut([pair.One], [pair.Other], s_silence) with { IsSaid = s_nodes.Contains(pair.One) && s_nodes.Contains(pair.Other) }),
        .. s_nodes.Select(name => Cut([name], [.. s_nodes.Where(other => other != name)], s_silence) with { Name = $"cut.{name}.from-both-others", OthersActOn = true }),
        .. s_nodes.Select(name => Cut([name], ["database"], s_silence) with { Name = $"cut.{name}.from-database", OthersActOn = true }),
        .. Halves().Select(half => Cut(half, [.. s_all.Except(half)], s_silence) with { Name = $"halves.{string.Join('+', half)}" }),
        .. s_all.SelectMany(name => new[]
        {
            new ClusterFault($"clock.{name}.hour-ahead", (lab, note) => new MovedClock(note, lab[name], s_hour, s_silence)),
            new ClusterFault($"clock.{name}.hour-behind", (lab, note) => new MovedClock(note, lab[name], -s_hour, s_silence)),
        }),
        .. s_hosts.Append("database").Select(name => new ClusterFault($"full-disk.{name}", (lab, note) => new FullDisks(note, [DiskOf(lab[name])], [lab[name].Party], s_silence))),
        new("outage.database", (lab, note) => new KilledMembers(note, s_outage, lab["database"])) { IsSaid = true },
        new("kill.all-coordinators", (lab, note) => new KilledMembers(note, TimeSpan.Zero, [.. lab.Nodes])),
        new("kill.all-agents", (lab, note) => new KilledMembers(note, TimeSpan.Zero, [.. lab.Hosts])),
        new("rolling-restart", (lab, note) => new RollingRestart(note, lab)),
    ];

    public override string ToString() => Name;

    private static ClusterFault Stop(string name, TimeSpan lasts) =>
        new($"stop.{name}", (lab, note) => new FrozenPart(note, lab[name].Part, lab[name].Party, lasts, withChildren: name == "database")) { IsSaid = true };

    private static ClusterFault Cut(IReadOnlyList<string> side, IReadOnlyList<string> other, TimeSpan lasts) => new(
        $"cut.{string.Join('+', side)}.{string.Join('+', other)}",
        (lab, note) => new CutMachines(note, lab, [.. side.Select(one => lab[one])], [.. other.Select(one => lab[one])], lasts))
    {
        IsSaid = true,
    };

    private static IEnumerable<(string One, string Other)> Pairs() =>
        s_all.SelectMany((one, i) => s_all.Skip(i + 1).Select(other => (one, other)))
            .Where(pair => pair is not ("database", _) and not (_, "database"));

    /// <summary>Four of eight, each division once: the half of the first machine names it.</summary>
    private static IEnumerable<string[]> Halves() =>
        from bits in Enumerable.Range(0, 1 << s_all.Length)
        where int.PopCount(bits) == s_all.Length / 2 && (bits & 1) == 1
        select s_all.Where((_, i) => (bits >> i & 1) == 1).ToArray();

    private static SmallDisk DiskOf(Member member) =>
        member.Disk ?? throw new LabFailure(string.Create(CultureInfo.InvariantCulture, $"{member.Name} has no disk of its own"));
}
