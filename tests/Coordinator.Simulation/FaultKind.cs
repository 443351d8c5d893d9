namespace Coordinator.Simulation;

public enum FaultKind
{
    CoordinatorCrash,

    /// <summary>A successor takes over while the incarnation lives on, hears agents and sends.</summary>
    CoordinatorOvertaken,

    /// <summary>SIGSTOP for longer than the successor needs, then SIGCONT.</summary>
    CoordinatorPause,
    JournalSlow,

    /// <summary>The database is stopped: writes and recoveries fail.</summary>
    JournalDown,

    /// <summary>All coordinators are stopped and the journal is restored from a backup.</summary>
    JournalRestored,
    AgentCrash,
    AgentPause,
    AgentDiskSlow,
    AgentDiskFull,
    AgentStateWiped,

    /// <summary>A copy of an earlier state of the store is put back: a new instance with old records.</summary>
    AgentStateRestored,

    /// <summary>Agent and every QEMU of the host are gone; the host boots again later.</summary>
    HostReboot,
    HostLost,
    SourceQemuDies,
    DestinationQemuDies,
    ConnectionRefused,
    StreamBreaks,
    StreamStalls,
    TailLost,
    AcknowledgementLost,
    LoadFails,
    RingsDiffer,
    ImagesStayAway,
    ContFails,
    ThirdPartyContAtSource,
    ThirdPartyContAtDestination,
    LinkCutOneWay,
    LinkCut,
    Partition,
    MessagesLost,
    MessagesDoubled,
    MessagesLate,
}

public static class FaultKinds
{
    public static readonly IReadOnlyList<FaultKind> All = Enum.GetValues<FaultKind>();

    /// <summary>Ambient: a property of the network through the whole schedule until faults stop, and no moment.</summary>
    public static bool IsAmbient(this FaultKind kind) => kind is FaultKind.MessagesLost or FaultKind.MessagesDoubled or FaultKind.MessagesLate;
}
