using Coordinator.Domain.QemuModel;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>A schedule that breaks something, as small as it gets, with its story: one line a step.</summary>
public sealed record Finding(Schedule Original, Schedule Shrunk, string Violation, IReadOnlyList<string> Trace)
{
    public override string ToString() =>
        $"VIOLATION: {Violation}{Environment.NewLine}drawn:  {Original}{Environment.NewLine}shrunk: {Shrunk}{Environment.NewLine}{string.Join(Environment.NewLine, Trace)}";
}

/// <summary>
/// Takes away whatever is not needed, again and again: faults, VMs, hosts, migrations, attempts, the weather of the network. A smaller schedule counts if it breaks the same
/// thing; everything in it is drawn from the same seed, so it is run anew and not edited.
/// </summary>
public static class Shrinker
{
    public static Finding Shrink(Schedule schedule, string violation, ProtocolRules rules)
    {
        Schedule best = schedule;
        string found = violation;
        bool shrinks = true;
        while (shrinks)
        {
            shrinks = false;
            foreach (Schedule smaller in Smaller(best))
            {
                if (Simulator.Run(smaller, rules, new Coverage()) is { } again && KindOf(again) == KindOf(violation))
                {
                    (best, found, shrinks) = (smaller, again, true);
                    break;
                }
            }
        }

        List<string> trace = [];
        Simulator.Run(best, rules, new Coverage(), trace);
        return new Finding(schedule, best, found, trace);
    }

    /// <summary>
    /// What is broken, without names and numbers. A finding of the history's checkers is of the checker's kind, an exception of its type's; else shrinking would slide from one story into another.
    /// </summary>
    private static string KindOf(string violation)
    {
        string[] parts = violation.Split(':', 3, StringSplitOptions.TrimEntries);
        string kind = parts[0] is "history" or "a defect" && parts.Length > 1 ? $"{parts[0]}: {parts[1]}" : parts[0];
        return string.Concat(kind.TakeWhile(c => c != '(').Where(c => !char.IsDigit(c)));
    }

    private static IEnumerable<Schedule> Smaller(Schedule s)
    {
        for (int i = 0; i < s.Faults.Count; i++)
        {
            yield return s with { Faults = [.. s.Faults.Where((_, at) => at != i)] };
        }

        if (s.Vms > 1 && s.Faults.All(f => f.Vm == 0))
        {
            yield return s with { Vms = 1 };
        }

        if (s.Migrations > 1)
        {
            yield return s with { Migrations = s.Migrations - 1 };
        }

        if (s.MaxAttempts > 1)
        {
            yield return s with { MaxAttempts = s.MaxAttempts - 1 };
        }

        if (s.Hosts > 2)
        {
            yield return s with { Hosts = s.Hosts - 1 };
        }

        if (s.Loss > 0)
        {
            yield return s with { Loss = 0 };
        }

        if (s.Doubling > 0)
        {
            yield return s with { Doubling = 0 };
        }

        if (s.Lateness > 0)
        {
            yield return s with { Lateness = 0 };
        }

        if (s.Cancels > 0)
        {
            yield return s with { Cancels = 0 };
        }

        if (s.Repeats > 0)
        {
            yield return s with { Repeats = 0 };
        }

        if (s.Person)
        {
            yield return s with { Person = false };
        }

        if (s.Guest != GuestBefore.Running)
        {
            yield return s with { Guest = GuestBefore.Running };
        }

        for (int i = 0; i < s.Faults.Count; i++)
        {
            if (s.Faults[i].DurationMs > 1)
            {
                yield return s with { Faults = [.. s.Faults.Select((f, at) => at == i ? f with { DurationMs = f.DurationMs / 2 } : f)] };
            }
        }
    }
}
