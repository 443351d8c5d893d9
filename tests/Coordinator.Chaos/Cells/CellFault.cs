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

    // Beyond the matrix, for the tables of the peers.
    KillServerAndSourceAgent,
    FreezeLinksFor20Seconds,
    KillSourceAgentAndQemu,
}

internal static class CellFaults
{
    /// <summary>Those that strike in every cell of the matrix.</summary>
    public static readonly IReadOnlyList<CellFault> OfMatrix =
    [
        CellFault.KillServer, CellFault.KillSourceAgent, CellFault.KillDestinationAgent, CellFault.KillSourceQemu, CellFault.KillDestinationQemu, CellFault.KillBothAgents,
        CellFault.CutBetweenHosts, CellFault.FreezeBetweenHosts, CellFault.StopServer, CellFault.StopSourceAgent, CellFault.StopDestinationAgent,
    ];
}
