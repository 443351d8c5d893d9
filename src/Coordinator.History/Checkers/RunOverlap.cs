using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>One run of one copy. <paramref name="UntilMicros"/> null: it ran when the history ended.</summary>
public readonly record struct RunInterval(VmName Vm, Copy Copy, long FromMicros, long? UntilMicros)
{
    public override string ToString() =>
        $"{Copy} ran from {Moment.Ms(FromMicros)} {(UntilMicros is { } until ? "until " + Moment.Ms(until) : "to the end of the history")}";
}

/// <summary>At no time do two copies of a VM run.</summary>
public static class RunOverlap
{
    public const string Name = "run overlap";

    /// <summary>
    /// The runs of all copies in the order of their beginnings. A beginning without an end before the next beginning of the same copy is one run (two writers saw it); an end
    /// without a beginning is passed over: that copy did not run.
    /// </summary>
    public static IReadOnlyList<RunInterval> Intervals(IEnumerable<HistoryRecord> history)
    {
        Dictionary<(VmName, Copy), long> open = [];
        List<RunInterval> closed = [];
        foreach (HistoryRecord record in history)
        {
            switch (record)
            {
                case RunBegan began:
                    open.TryAdd((began.Vm, began.Copy), began.AtMicros);
                    break;
                case EventSeen { Name: "RESUME" } resumed:
                    open.TryAdd((resumed.Vm, resumed.Copy), resumed.AtMicros);
                    break;
                case RunEnded ended when open.Remove((ended.Vm, ended.Copy), out long from):
                    closed.Add(new(ended.Vm, ended.Copy, from, ended.AtMicros));
                    break;
                case EventSeen { Name: "STOP" } stopped when open.Remove((stopped.Vm, stopped.Copy), out long from):
                    closed.Add(new(stopped.Vm, stopped.Copy, from, stopped.AtMicros));
                    break;
                default:
                    break;
            }
        }

        closed.AddRange(open.Select(run => new RunInterval(run.Key.Item1, run.Key.Item2, run.Value, UntilMicros: null)));
        return [.. closed.OrderBy(run => run.FromMicros)];
    }

    /// <summary>Touching ends, and overlaps up to the clocks' tolerance, are allowed.</summary>
    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryRecord> history, JudgeSettings settings)
    {
        List<Violation> violations = [];
        foreach (IGrouping<VmName, RunInterval> runs in Intervals(history).GroupBy(run => run.Vm))
        {
            // The run that reaches furthest so far: any later beginning before its end overlaps it.
            RunInterval? furthest = null;
            foreach (RunInterval run in runs)
            {
                if (furthest is { } earlier && earlier.Copy != run.Copy && (earlier.UntilMicros is not { } until || run.FromMicros + settings.ClockToleranceMicros < until))
                {
                    violations.Add(new(Name, runs.Key, run.FromMicros, $"two copies of {runs.Key} ran at once: {earlier}, and {run}"));
                }

                if (furthest is not { } f || (f.UntilMicros is { } end && (run.UntilMicros is not { } runEnd || runEnd > end)))
                {
                    furthest = run;
                }
            }
        }

        return violations;
    }
}
