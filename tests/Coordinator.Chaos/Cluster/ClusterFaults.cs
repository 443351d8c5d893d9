using System.Globalization;
using Coordinator.Chaos.Faults;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab;

namespace Coordinator.Chaos.Cluster;

/// <summary>SIGKILL. Its supervisor starts it again at once, or after <paramref name="downFor"/>.</summary>
internal sealed class KilledMembers(Action<HistoryRecord> note, TimeSpan downFor, params IReadOnlyList<Member> members) : Fault(note)
{
    public override TimeSpan Lasts => downFor;

    public override async Task BeginAsync()
    {
        foreach (Member member in members)
        {
            Begins(member.Party, FaultKind.Dead);
            await member.HoldDownAsync();
        }
    }

    public override void Restart()
    {
        if (downFor == TimeSpan.Zero)
        {
            Release();
        }
    }

    public override async Task EndAsync()
    {
        Release();
        foreach (Member member in members)
        {
            await member.ReadyAsync();
            Ends(member.Party, FaultKind.Dead);
        }
    }

    private void Release()
    {
        foreach (Member member in members)
        {
            member.Release();
        }
    }
}

/// <summary>Between each machine of one side and each of the other nothing passes, and nobody is told.</summary>
internal sealed class CutMachines(Action<HistoryRecord> note, ClusterLab lab, IReadOnlyList<Member> side, IReadOnlyList<Member> other, TimeSpan lasts) : Fault(note)
{
    public override TimeSpan Lasts => lasts;

    public override async Task BeginAsync()
    {
        foreach (Party party in Parties())
        {
            Begins(party, FaultKind.Cut);
        }

        await lab.Fabric.Cut([.. side.Select(member => member.Machine)], [.. other.Select(member => member.Machine)]);
    }

    public override async Task EndAsync()
    {
        await lab.Fabric.Heal();
        foreach (Party party in Parties())
        {
            Ends(party, FaultKind.Cut);
        }
    }

    /// <summary>A host that is cut from one coordinator has, until it has noticed, lost all of them.</summary>
    private IEnumerable<Party> Parties() => side.SelectMany(one => other.SelectMany(another => Between(one, another))).Distinct();

    private static IEnumerable<Party> Between(Member one, Member other) => (one, other) switch
    {
        ({ IsAgent: true }, { IsAgent: true }) => [Party.AgentLink(HostOf(one), HostOf(other)), Party.MigrationStream(HostOf(one), HostOf(other))],
        ({ IsAgent: true }, { IsCoordinator: true }) => [Party.CoordinatorLink(HostOf(one))],
        ({ IsCoordinator: true }, { IsAgent: true }) => [Party.CoordinatorLink(HostOf(other))],
        ({ IsCoordinator: true }, { IsCoordinator: true }) => [one.Party, other.Party],
        ({ IsCoordinator: true }, { IsAgent: false }) => [one.Party],
        ({ IsAgent: false }, { IsCoordinator: true }) => [other.Party],

        // Hosts and the database have nothing to say to each other.
        _ => [],
    };

    private static HostName HostOf(Member member) => new(member.Name);
}

/// <summary>Somebody sets the clock of one machine. No party of the history is away for it: whatever goes wrong then is ours.</summary>
internal sealed class MovedClock(Action<HistoryRecord> note, Member member, TimeSpan beside, TimeSpan lasts) : Fault(note)
{
    public override TimeSpan Lasts => lasts;

    public override Task BeginAsync()
    {
        member.Clock.Set(beside);
        return Task.CompletedTask;
    }

    public override Task EndAsync()
    {
        member.Clock.Set(TimeSpan.Zero);
        return Task.CompletedTask;
    }
}

/// <summary>One coordinator after the other is told to leave, the oldest last, and starts again when it has.</summary>
internal sealed class RollingRestart(Action<HistoryRecord> note, ClusterLab lab) : Fault(note)
{
    private static readonly TimeSpan s_leftLimit = TimeSpan.FromSeconds(90);

    public override async Task BeginAsync()
    {
        foreach (Member node in lab.Nodes.Reverse())
        {
            int before = node.Revived;
            Begins(node.Party, FaultKind.Dead);
            await lab.Api.LeaveAsync(node.Name, ClusterLab.ClusterAddressOf(node.Machine));
            await Eventually.BecomesTrue(
                () => node.Revived > before, s_leftLimit, string.Create(CultureInfo.InvariantCulture, $"{node.Name} to leave"), () => node.Part.Output);
            await lab.WellAsync();
            Ends(node.Party, FaultKind.Dead);
        }
    }
}
