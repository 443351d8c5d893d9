namespace Coordinator.Chaos.Cells;

/// <summary>What strikes.</summary>
internal enum CellFault
{
    KillServer,
    KillSourceAgent,
    KillDestinationAgent,
    KillSourceQemu,
    KillDestinationQemu,
    KillBothAgents,

    /// <summary>Handoff and migration stream are reset; dialling is refused for some seconds.</summary>
    CutBetweenHosts,

    /// <summary>Handoff and migration stream stand still for longer than every deadline, connections open.</summary>
    FreezeBetweenHosts,

    StopServer,
    StopSourceAgent,
    StopDestinationAgent,

    /// <summary>Beyond every time-out that there is, also that after which a result is given with its debt still owed.</summary>
    StopServerForLong,
    StopSourceAgentForLong,
    StopDestinationAgentForLong,

    // Beyond the matrix: what else can befall links, monitors and disks, at some places each.

    /// <summary>What the destination sends to the source stands still; the other way everything passes.</summary>
    OneWayBetweenHosts,

    /// <summary>A second late, both ways.</summary>
    DelayBetweenHosts,

    /// <summary>What the two agents say to each other is taken and thrown away.</summary>
    SwallowHandoff,

    CutCoordinatorLinks,
    FreezeCoordinatorLinks,

    /// <summary>The agents' connections to both QEMUs' monitors are closed.</summary>
    CloseMonitors,

    /// <summary>Another process holds the journal's right to write, for longer than every wait for it.</summary>
    HoldJournal,

    FullJournalDisk,
    FullAgentDisks,

    /// <summary>Every commit of agents and coordinators takes 300 ms longer.</summary>
    SlowDisks,

    // For the tables of the peers.
    KillServerAndSourceAgent,
    FreezeLinksFor20Seconds,
    KillSourceAgentAndQemu,
}

internal static class CellFaults
{
    public static readonly IReadOnlyList<CellFault> OfLinksAndDisks =
    [
        CellFault.OneWayBetweenHosts, CellFault.DelayBetweenHosts, CellFault.SwallowHandoff, CellFault.CutCoordinatorLinks, CellFault.FreezeCoordinatorLinks, CellFault.CloseMonitors,
        CellFault.HoldJournal, CellFault.FullJournalDisk, CellFault.FullAgentDisks, CellFault.SlowDisks,
    ];

    public static readonly IReadOnlyList<CellFault> OfLongAbsence = [CellFault.StopServerForLong, CellFault.StopSourceAgentForLong, CellFault.StopDestinationAgentForLong];

    /// <summary>Those that strike in every cell of the matrix.</summary>
    public static readonly IReadOnlyList<CellFault> OfMatrix =
    [
        CellFault.KillServer, CellFault.KillSourceAgent, CellFault.KillDestinationAgent, CellFault.KillSourceQemu, CellFault.KillDestinationQemu, CellFault.KillBothAgents,
        CellFault.CutBetweenHosts, CellFault.FreezeBetweenHosts, CellFault.StopServer, CellFault.StopSourceAgent, CellFault.StopDestinationAgent,
    ];
}
