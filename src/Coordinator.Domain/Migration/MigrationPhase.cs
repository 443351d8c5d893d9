namespace Coordinator.Domain.Migration;

/// <summary>Public phases of one migration. The legal successors are data: <see cref="MigrationPhases"/>.</summary>
public enum MigrationPhase
{
    Pending,
    Scheduling,
    PreparingDestination,
    Iterating,
    Switchover,
    Verifying,
    Finishing,
    Succeeded,
    RollingBack,
    Cancelled,
    Failed,

    /// <summary>Not terminal and never guessed away: evidence that arrives later, or a person's recorded word, ends it.</summary>
    InDoubt,
    Lost,
}

public static class MigrationPhases
{
    /// <summary>
    /// Which phase may follow which. <c>RollingBack</c> is entered only on proof that the source keeps the guest, so <c>Verifying</c> never follows it.
    /// </summary>
    public static readonly IReadOnlyDictionary<MigrationPhase, EquatableList<MigrationPhase>> Successors =
        new Dictionary<MigrationPhase, EquatableList<MigrationPhase>>
        {
            [MigrationPhase.Pending] = [MigrationPhase.Scheduling, MigrationPhase.Cancelled, MigrationPhase.Failed],
            [MigrationPhase.Scheduling] = [MigrationPhase.PreparingDestination, MigrationPhase.Cancelled, MigrationPhase.Failed],
            [MigrationPhase.PreparingDestination] = [MigrationPhase.Iterating, MigrationPhase.RollingBack, MigrationPhase.Lost],
            [MigrationPhase.Iterating] = [MigrationPhase.Switchover, MigrationPhase.Verifying, MigrationPhase.RollingBack, MigrationPhase.InDoubt,
            MigrationPhase.Lost],
            [MigrationPhase.Switchover] = [MigrationPhase.Verifying, MigrationPhase.RollingBack, MigrationPhase.InDoubt, MigrationPhase.Lost],
            [MigrationPhase.Verifying] = [MigrationPhase.Finishing],
            [MigrationPhase.Finishing] = [MigrationPhase.Succeeded],
            [MigrationPhase.RollingBack] = [MigrationPhase.Scheduling, MigrationPhase.Cancelled, MigrationPhase.Failed],
            [MigrationPhase.InDoubt] = [MigrationPhase.Verifying, MigrationPhase.RollingBack, MigrationPhase.Lost],
            [MigrationPhase.Succeeded] = [],
            [MigrationPhase.Cancelled] = [],
            [MigrationPhase.Failed] = [],
            [MigrationPhase.Lost] = [],
        };

    public static bool IsTerminal(this MigrationPhase phase) => Successors[phase].IsEmpty;

    public static bool MayFollow(this MigrationPhase next, MigrationPhase current) => Successors[current].Contains(next);
}
