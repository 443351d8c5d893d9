using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.History;

/// <summary>What a client was told stays true: a request is one migration for ever, a terminal result never changes, and every migration comes to one, or to <c>InDoubt</c>.</summary>
public static class AcknowledgedResults
{
    public const string Name = "acknowledged results";

    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryRecord> history)
    {
        List<Violation> violations = [];
        Dictionary<(VmName, RequestId), RequestAcknowledged> requests = [];
        Dictionary<Guid, ResultSeen> results = [];
        foreach (HistoryRecord record in history)
        {
            switch (record)
            {
                case RequestAcknowledged acknowledged:
                    (VmName, RequestId) request = (acknowledged.Vm, acknowledged.Request);
                    if (!requests.TryAdd(request, acknowledged) && requests[request].Migration != acknowledged.Migration)
                    {
                        violations.Add(new(Name, acknowledged.Vm, acknowledged.AtMicros,
                            $"request {acknowledged.Request} of {acknowledged.Vm} was acknowledged as migration {requests[request].Migration} at {Moment.Ms(requests[request].AtMicros)} "
                            + $"and as migration {acknowledged.Migration} at {Moment.Ms(acknowledged.AtMicros)}"));
                    }

                    break;

                case ResultSeen seen:
                    if (results.TryGetValue(seen.Migration, out ResultSeen? before) && before.Phase.IsTerminal()
                        && (before.Phase != seen.Phase || before.Verdict != seen.Verdict))
                    {
                        violations.Add(new(Name, seen.Vm, seen.AtMicros,
                            $"migration {seen.Migration} of {seen.Vm} had ended as {Told(before)} at {Moment.Ms(before.AtMicros)} and was shown as {Told(seen)} at {Moment.Ms(seen.AtMicros)}"));
                        break;
                    }

                    results[seen.Migration] = seen;
                    break;

                default:
                    break;
            }
        }

        foreach (RequestAcknowledged acknowledged in requests.Values.DistinctBy(a => a.Migration))
        {
            ResultSeen? last = results.GetValueOrDefault(acknowledged.Migration);
            if (last is null || (!last.Phase.IsTerminal() && last.Phase != MigrationPhase.InDoubt))
            {
                violations.Add(new(Name, acknowledged.Vm, acknowledged.AtMicros,
                    $"migration {acknowledged.Migration} of {acknowledged.Vm}, acknowledged for request {acknowledged.Request} at {Moment.Ms(acknowledged.AtMicros)}, "
                    + (last is null ? "was never seen again" : $"was last seen in {last.Phase} at {Moment.Ms(last.AtMicros)}: neither ended nor in doubt")));
            }
        }

        return violations;
    }

    private static string Told(ResultSeen seen) => seen.Verdict is { } verdict ? $"{seen.Phase} ({verdict})" : seen.Phase.ToString();
}
