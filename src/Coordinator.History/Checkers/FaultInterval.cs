namespace Coordinator.History;

/// <summary>How long one party was faulty. <paramref name="UntilMicros"/> null: to the end of the history.</summary>
public readonly record struct FaultInterval(Party Party, FaultKind Kind, long FromMicros, long? UntilMicros)
{
    public static IReadOnlyList<FaultInterval> Of(IReadOnlyList<HistoryRecord> history)
    {
        Dictionary<(Party, FaultKind), long> open = [];
        List<FaultInterval> faults = [];
        foreach (HistoryRecord record in history)
        {
            switch (record)
            {
                case FaultBegan began:
                    open.TryAdd((began.Party, began.Kind), began.AtMicros);
                    break;
                case FaultEnded ended when open.Remove((ended.Party, ended.Kind), out long from):
                    faults.Add(new(ended.Party, ended.Kind, from, ended.AtMicros));
                    break;
                default:
                    break;
            }
        }

        faults.AddRange(open.Select(fault => new FaultInterval(fault.Key.Item1, fault.Key.Item2, fault.Value, UntilMicros: null)));
        return [.. faults.OrderBy(fault => fault.FromMicros)];
    }

    public override string ToString() => $"{Party} {Kind} from {Moment.Ms(FromMicros)}{(UntilMicros is { } until ? " until " + Moment.Ms(until) : "")}";
}
