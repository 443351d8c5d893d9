namespace Coordinator.Domain.QemuModel;

public enum QemuEventKind : byte
{
    Stop,
    Resume,

    /// <summary><c>MIGRATION</c> with a status; needs the capability "events", which every session of ours sets.</summary>
    Migration,

    /// <summary>No QMP event: the monitor's socket closes.</summary>
    ProcessEnded,
}

public readonly record struct QemuEvent(Side Side, QemuEventKind Kind, MigrationStatus Status = MigrationStatus.None)
{
    /// <summary>
    /// What the monitors say about one step, in the order that was measured: STOP and RESUME before the status of the same process, except that a
    /// failure is a step of its own before RESUME. MIGRATION_PASS and RESET are left out: they leave no trace in the state.
    /// </summary>
    public static IReadOnlyList<QemuEvent> Between(QemuPair before, QemuPair after)
    {
        List<QemuEvent> events = [];
        foreach (Side side in (ReadOnlySpan<Side>)[Side.Destination, Side.Source])
        {
            Add(side, before[side], after[side], events);
        }

        return events;
    }

    private static void Add(Side side, QemuProcess before, QemuProcess after, List<QemuEvent> events)
    {
        if (before.Alive && !after.Alive)
        {
            if (after.Life == ProcessLife.ExitedFailed)
            {
                events.Add(new(side, QemuEventKind.Migration, MigrationStatus.Failed));
            }

            events.Add(new(side, QemuEventKind.ProcessEnded));
            return;
        }

        // A process that lives in both states is the same one: a new one is launched only after the former has ended.
        if (!before.Alive || !after.Alive)
        {
            return;
        }

        if (before.GuestRuns != after.GuestRuns)
        {
            events.Add(new(side, after.GuestRuns ? QemuEventKind.Resume : QemuEventKind.Stop));
        }

        if (before.Status != after.Status)
        {
            events.Add(new(side, QemuEventKind.Migration, after.Status));
        }
    }
}
