using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.History;

/// <summary>
/// No guest that shall run stands still for longer than the switchover's deadline and a margin, except while a party without which nobody may act is itself dead, stopped or
/// cut; then until shortly after. A guest whose migration is in doubt or lost at the end may stand still from then on.
/// </summary>
public static class Standstills
{
    public const string Name = "standstill";

    /// <summary>A time in which no copy of the VM ran. <paramref name="UntilMicros"/> null: to the end of the history.</summary>
    public readonly record struct Standstill(VmName Vm, Copy LastRan, long FromMicros, long? UntilMicros);

    /// <summary>Between the first run of a VM and the end of the history; what the guest or its user wanted is cut out.</summary>
    public static IReadOnlyList<Standstill> Of(IReadOnlyList<HistoryRecord> history)
    {
        List<Standstill> standstills = [];
        foreach (IGrouping<VmName, VmRecord> records in history.OfType<VmRecord>().GroupBy(record => record.Vm))
        {
            HashSet<Copy> running = [];
            (Copy Copy, long From)? still = null;
            bool shallRun = true;
            foreach (VmRecord record in records)
            {
                switch (record)
                {
                    case RunBegan began:
                        running.Add(began.Copy);
                        if (shallRun && still is { } s)
                        {
                            standstills.Add(new(records.Key, s.Copy, s.From, began.AtMicros));
                        }

                        still = null;
                        break;
                    case RunEnded ended when running.Remove(ended.Copy) && running.Count == 0:
                        still = (ended.Copy, ended.AtMicros);
                        break;
                    case GuestIntended { Intent: GuestIntent.Rest }:
                        shallRun = false;
                        break;
                    case GuestIntended { Intent: GuestIntent.Run } wanted:
                        still = still is { } before && !shallRun ? (before.Copy, wanted.AtMicros) : still;
                        shallRun = true;
                        break;
                    default:
                        break;
                }
            }

            if (still is { } last && shallRun)
            {
                standstills.Add(new(records.Key, last.Copy, last.From, UntilMicros: null));
            }
        }

        return standstills;
    }

    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryRecord> history, JudgeSettings settings)
    {
        List<Violation> violations = [];
        if (history.Count == 0)
        {
            return violations;
        }

        long endOfHistory = history.Max(record => record.AtMicros);
        IReadOnlyList<FaultInterval> faults = FaultInterval.Of(history);
        foreach (Standstill standstill in Of(history))
        {
            long until = standstill.UntilMicros ?? endOfHistory;
            (long? limit, string why) = LimitOf(standstill, until, history, faults, settings);
            if (limit is { } latest && until > latest && !(standstill.UntilMicros is null && IsInDoubt(standstill, history)))
            {
                violations.Add(new(Name, standstill.Vm, standstill.FromMicros,
                    $"{standstill.Vm} stood still from {Moment.Ms(standstill.FromMicros)} ({standstill.LastRan} ended its run) "
                    + (standstill.UntilMicros is null ? $"to the end of the history at {Moment.Ms(until)}" : $"until {Moment.Ms(until)}")
                    + $", {Moment.Ms(until - standstill.FromMicros)} in all; allowed until {Moment.Ms(latest)} ({why})"));
            }
        }

        return violations;
    }

    /// <summary>A fault without which the deadline would have held moves it to shortly after its end; one that never ends lifts it (null).</summary>
    private static (long? Micros, string Why) LimitOf(
        Standstill standstill, long until, IReadOnlyList<HistoryRecord> history, IReadOnlyList<FaultInterval> faults, JudgeSettings settings)
    {
        long limit = standstill.FromMicros + settings.SwitchoverDeadlineMicros + settings.StandstillMarginMicros;
        string why = "the switchover's deadline and its margin";
        foreach ((FaultInterval fault, long? needlessFrom) in Hindering(standstill, until, history, faults).OrderBy(hindrance => hindrance.Fault.FromMicros))
        {
            if (fault.FromMicros > limit)
            {
                break;
            }

            if (needlessFrom is not { } over)
            {
                return (null, $"{fault} never ended");
            }

            if (over + settings.ResolvedAfterFaultMicros > limit)
            {
                limit = over + settings.ResolvedAfterFaultMicros;
                why = $"shortly after the end of {fault}";
            }
        }

        return (limit, why);
    }

    /// <summary>The faults of parties that were needed while the VM stood still, each with the moment at which it no longer hindered (null: never).</summary>
    private static IEnumerable<(FaultInterval Fault, long? NeedlessFrom)> Hindering(
        Standstill standstill, long until, IReadOnlyList<HistoryRecord> history, IReadOnlyList<FaultInterval> faults)
    {
        foreach (NeededParties stage in NeededParties.During(standstill, until, history))
        {
            foreach (FaultInterval fault in faults)
            {
                bool overlaps = fault.FromMicros < stage.UntilMicros && (fault.UntilMicros is not { } end || end > stage.FromMicros);
                if (overlaps && fault.Kind != FaultKind.Slowed && stage.Needs(fault, faults))
                {
                    // Where the stage ended before the fault did, the party was no longer needed from there on.
                    long? needless = fault.UntilMicros is { } ended ? Math.Min(ended, stage.UntilMicros) : stage.IsLast ? null : stage.UntilMicros;
                    yield return (fault, needless);
                }
            }
        }
    }

    private static bool IsInDoubt(Standstill standstill, IReadOnlyList<HistoryRecord> history) =>
        history.OfType<ResultSeen>().LastOrDefault(seen => seen.Vm == standstill.Vm)
            is { Phase: MigrationPhase.InDoubt or MigrationPhase.Lost } last && last.AtMicros >= standstill.FromMicros;
}
