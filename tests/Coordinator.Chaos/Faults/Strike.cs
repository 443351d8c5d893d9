using Coordinator.Chaos.Cells;
using Coordinator.Chaos.Laboratory;
using Coordinator.Domain;
using Coordinator.History;
using Coordinator.Lab;
using Coordinator.Lab.Deployments;

namespace Coordinator.Chaos.Faults;

/// <summary>
/// The faults of one cell on a laboratory, from their beginning to their end, written down as a part of the history. What was killed is started again at once, as its supervisor does;
/// what was stopped or cut comes back after longer than the time-outs that it is to meet. Disposal ends what an exception has left standing.
/// </summary>
internal sealed class Strike(ChaosLab lab, CellFault fault, string vm) : IAsyncDisposable
{
    /// <summary>
    /// Beyond the deadline of the switchover (1 s), the keep-alives of both channels (2 and 4 s), the preparation's deadline (7 s) and the coordinator's wait for the end of a
    /// switchover (7 s).
    /// </summary>
    private static readonly TimeSpan s_stopped = TimeSpan.FromSeconds(8);

    /// <summary>Beyond every time-out there is: the longest, after which a result is given with its debt still owed, is 30 s.</summary>
    private static readonly TimeSpan s_stoppedForLong = TimeSpan.FromSeconds(35);

    private static readonly TimeSpan s_cut = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_frozen = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_linkDown = TimeSpan.FromSeconds(20);
    private static readonly HostName s_alpha = new(Deployment.Alpha);
    private static readonly HostName s_beta = new(Deployment.Beta);

    private readonly List<HistoryRecord> _records = [];
    private readonly List<Fault> _begun = [];

    /// <summary>What befell whom, in microseconds of this machine's clock, and what a client was told.</summary>
    public IReadOnlyList<HistoryRecord> Records
    {
        get
        {
            lock (_records)
            {
                return [.. _records];
            }
        }
    }

    private Part Server => lab.Deployment.Coordinators[0];

    private (TcpLink, Party) Handoff => (lab.Handoff, Party.AgentLink(s_alpha, s_beta));

    private (TcpLink, Party) Stream => (lab.Stream, Party.MigrationStream(s_alpha, s_beta));

    private (TcpLink, Party)[] ToCoordinators => [.. lab.CoordinatorLinks.Select(link => (link.Value, Party.CoordinatorLink(new HostName(link.Key))))];

    /// <summary>Returns when it has struck.</summary>
    /// <exception cref="LabFailure">There was nobody to strike.</exception>
    public async Task BeginAsync()
    {
        foreach (Fault one in Faults())
        {
            _begun.Add(one);
            await one.BeginAsync();
        }

        _begun.ForEach(one => one.Restart());
    }

    /// <summary>Returns when everything that can come back has.</summary>
    public async Task EndAsync()
    {
        TimeSpan lasts = _begun.Max(one => one.Lasts);
        if (lasts > TimeSpan.Zero)
        {
            await Eventually.Lasts(lasts);
        }

        await EndFaultsAsync();
    }

    public void Note(HistoryRecord record)
    {
        lock (_records)
        {
            _records.Add(record);
        }
    }

    public async ValueTask DisposeAsync() => await EndFaultsAsync();

    private async Task EndFaultsAsync()
    {
        while (_begun.Count > 0)
        {
            Fault one = _begun[0];
            _begun.RemoveAt(0);
            await one.EndAsync();
        }
    }

    private IReadOnlyList<Fault> Faults() => fault switch
    {
        CellFault.KillServer => [Killed(Server)],
        CellFault.KillSourceAgent => [Killed(lab.SourceAgent)],
        CellFault.KillDestinationAgent => [Killed(lab.DestinationAgent)],
        CellFault.KillBothAgents => [Killed(lab.SourceAgent, lab.DestinationAgent)],
        CellFault.KillServerAndSourceAgent => [Killed(Server, lab.SourceAgent)],
        CellFault.KillSourceQemu => [KilledQemu(Deployment.Alpha)],
        CellFault.KillDestinationQemu => [KilledQemu(Deployment.Beta)],
        CellFault.KillSourceAgentAndQemu => [Killed(lab.SourceAgent), KilledQemu(Deployment.Alpha)],
        CellFault.StopServer => [Frozen(Server, s_stopped)],
        CellFault.StopSourceAgent => [Frozen(lab.SourceAgent, s_stopped)],
        CellFault.StopDestinationAgent => [Frozen(lab.DestinationAgent, s_stopped)],
        CellFault.StopServerForLong => [Frozen(Server, s_stoppedForLong)],
        CellFault.StopSourceAgentForLong => [Frozen(lab.SourceAgent, s_stoppedForLong)],
        CellFault.StopDestinationAgentForLong => [Frozen(lab.DestinationAgent, s_stoppedForLong)],
        CellFault.CutBetweenHosts => [Broken(LinkMode.Cut, s_cut, Handoff, Stream)],
        CellFault.FreezeBetweenHosts => [Broken(LinkMode.Frozen, s_frozen, Handoff, Stream)],
        CellFault.FreezeLinksFor20Seconds => [Broken(LinkMode.Frozen, s_linkDown, Handoff, Stream)],
        CellFault.OneWayBetweenHosts => [Broken(LinkMode.OneWay, s_frozen, Handoff, Stream)],
        CellFault.DelayBetweenHosts => [Broken(LinkMode.Delayed, s_frozen, Handoff, Stream)],
        CellFault.SwallowHandoff => [Broken(LinkMode.Swallowing, s_frozen, Handoff)],
        CellFault.CutCoordinatorLinks => [Broken(LinkMode.Cut, s_stopped, ToCoordinators)],
        CellFault.FreezeCoordinatorLinks => [Broken(LinkMode.Frozen, s_stopped, ToCoordinators)],
        CellFault.CloseMonitors => [new ClosedMonitors(Note, lab, vm)],
        CellFault.HoldJournal => [new StuckDatabase(Note, lab, s_stopped)],
        CellFault.FullJournalDisk => [new FullDisks(Note, [lab.JournalDisk], [Party.Database("journal")], s_stopped)],
        CellFault.FullAgentDisks => [new FullDisks(Note, lab.AgentDisks, [Party.Agent(s_alpha), Party.Agent(s_beta)], s_frozen)],
        CellFault.SlowDisks => [new SlowDisks(Note, lab, s_frozen)],
        _ => throw new LabFailure($"{fault} has no faults"),
    };

    private KilledParts Killed(params IReadOnlyList<Part> parts) => new(Note, lab, parts);

    private KilledQemus KilledQemu(string host) => new(Note, lab, vm, host);

    private FrozenPart Frozen(Part part, TimeSpan lasts) => new(Note, part, lab.PartyOf(part), lasts);

    private BrokenLinks Broken(LinkMode mode, TimeSpan lasts, params IReadOnlyList<(TcpLink, Party)> links) => new(Note, mode, lasts, links);
}
