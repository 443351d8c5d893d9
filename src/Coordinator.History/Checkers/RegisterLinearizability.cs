namespace Coordinator.History;

/// <summary>
/// The answers of every decision register are those of one register that changes at single moments. Judged register by register: each is independent of the others
/// (refusing an attempt also refuses older ones, which the specification allows as an unseen step, or the keeper records for each).
/// </summary>
public static class RegisterLinearizability
{
    public const string Name = "register";

    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryRecord> history, JudgeSettings settings)
    {
        List<Violation> violations = [];
        foreach ((RegisterKey key, List<RegisterCall> calls) in Calls(history, violations))
        {
            LinearizationSearch.Result result = LinearizationSearch.Search(calls, settings.KeeperStepsComplete);
            if (result.IsLinearizable)
            {
                continue;
            }

            RegisterCall[] explained = [.. calls.Where(call => call.Moments().All(result.Placed.Contains))];
            RegisterCall[] left = [.. calls.Except(explained).Where(call => call.AnsweredMicros is not null).OrderBy(call => call.AnsweredMicros)];
            string before = explained.Length == 0 ? "nothing" : string.Join("; ", explained.OrderBy(call => call.AnsweredMicros).TakeLast(4));
            violations.Add(new(Name, key.Vm, left[0].InvokedMicros,
                (result.GaveUp ? $"the search for an order of the operations on the {key} was given up after {LinearizationSearch.MaxSteps} steps" : $"no order explains the answers of the {key}")
                + $": after {before}, it is {RegisterSpecification.Describe(result.States)}, which does not allow {string.Join("; nor ", left.Take(2))}")
            { IsUndecided = result.GaveUp });
        }

        return violations;
    }

    internal static IReadOnlyDictionary<RegisterKey, List<RegisterCall>> Calls(IReadOnlyList<HistoryRecord> history, List<Violation> violations)
    {
        Dictionary<string, RegisterInvoked> open = new(StringComparer.Ordinal);
        Dictionary<RegisterKey, List<RegisterCall>> calls = [];

        void Add(RegisterCall call)
        {
            RegisterKey key = new(call.Invoked.Vm, call.Invoked.Attempt, call.Invoked.Store);
            if (!calls.TryGetValue(key, out List<RegisterCall>? list))
            {
                calls.Add(key, list = []);
            }

            list.Add(call);
        }

        foreach (HistoryRecord record in history)
        {
            switch (record)
            {
                case RegisterInvoked invoked when !open.TryAdd(invoked.Operation, invoked):
                    violations.Add(new(Name, invoked.Vm, invoked.AtMicros, $"operation {invoked.Operation} was begun twice, at {Moment.Ms(invoked.AtMicros)} again: the history is not usable"));
                    break;
                case RegisterAnswered answered when open.Remove(answered.Operation, out RegisterInvoked? invoked):
                    Add(new(invoked, invoked.AtMicros, Math.Max(answered.AtMicros, invoked.AtMicros), answered.Outcome));
                    break;
                case RegisterAnswered answered:
                    violations.Add(new(Name, answered.Vm, answered.AtMicros, $"operation {answered.Operation} was answered at {Moment.Ms(answered.AtMicros)} without having been begun: the history is not usable"));
                    break;
                default:
                    break;
            }
        }

        foreach (RegisterInvoked invoked in open.Values)
        {
            Add(new(invoked, invoked.AtMicros, AnsweredMicros: null, Outcome: null));
        }

        return calls;
    }
}
