namespace Coordinator.History;

/// <summary>What the checkers may take for granted about one run.</summary>
public sealed record JudgeSettings
{
    /// <summary>How far the clocks of two writers may differ. 0 in simulations and for QEMU's own event times on one machine.</summary>
    public long ClockToleranceMicros { get; init; }

    /// <summary>How long the guest may stand still by its policy before the switchover is given up.</summary>
    public long SwitchoverDeadlineMicros { get; init; } = 2_000_000;

    /// <summary>Added to the deadline: giving up takes a yank, a question to the register and the end of a process.</summary>
    public long StandstillMarginMicros { get; init; } = 2_000_000;

    /// <summary>How long a standstill may go on once the only process allowed to act works again.</summary>
    public long ResolvedAfterFaultMicros { get; init; } = 2_000_000;

    /// <summary>
    /// Every step of the register's keeper is in the history, as in a simulation. Not so where a killed agent may have lost the last lines of its file: then a grant, a refusal or
    /// the record of a running guest may have happened unseen. A withdrawal is always written before it begins.
    /// </summary>
    public bool KeeperStepsComplete { get; init; }
}
