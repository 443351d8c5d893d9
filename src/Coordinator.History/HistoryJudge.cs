using System.Text;

namespace Coordinator.History;

/// <summary>What all checkers say about one history.</summary>
public sealed record Judgement(int Records, IReadOnlyList<Violation> Violations, IReadOnlyDictionary<string, int> Counted)
{
    public bool IsGood => Violations.Count == 0;

    /// <summary>For people: what was judged, and each violation on a line of its own.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append($"{Records} records ({string.Join(", ", Counted.Select(count => $"{count.Value} {count.Key}"))}): ");
        text.AppendLine(IsGood ? "no violation" : $"{Violations.Count} violation{(Violations.Count == 1 ? "" : "s")}");
        foreach (Violation violation in Violations)
        {
            text.Append("  ").AppendLine(violation.ToString());
        }

        return text.ToString();
    }
}

/// <summary>All checkers over one history. Pure; the overload with a directory reads its files first.</summary>
public static class HistoryJudge
{
    public static Judgement Judge(IEnumerable<HistoryRecord> records, JudgeSettings settings)
    {
        HistoryRecord[] history = [.. records.OrderBy(record => record.AtMicros)];
        List<Violation> violations =
        [
            .. RunOverlap.Check(history, settings),
            .. RegisterLinearizability.Check(history, settings),
            .. EpochOrder.Check(history),
            .. AcknowledgedResults.Check(history),
            .. Standstills.Check(history, settings),
            .. RunOwnership.Check(history, settings),
            .. ModelReplay.Check(history, settings),
            .. history.OfType<RecordsDropped>().Select(dropped => new Violation("record", Vm: null, dropped.AtMicros, $"{dropped.Writer} could not keep up and left out {dropped.Count} records")),
        ];
        return new(history.Length, violations, new SortedDictionary<string, int>(new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["runs"] = RunOverlap.Intervals(history).Count,
            ["register operations"] = history.OfType<RegisterInvoked>().Count(),
            ["accepted epochs"] = history.OfType<EpochAccepted>().Count(),
            ["acknowledged requests"] = history.OfType<RequestAcknowledged>().Count(),
            ["standstills"] = Standstills.Of(history).Count,
            ["recorded QMP commands"] = history.OfType<CommandSent>().Count(),
            ["faults"] = FaultInterval.Of(history).Count,
        }, StringComparer.Ordinal));
    }

    /// <summary>Every <c>*.history.jsonl</c> under the directory, one file per writer and process life.</summary>
    /// <exception cref="FormatException">A file is not readable.</exception>
    public static Judgement Judge(string directory, JudgeSettings settings) => Judge(HistoryLines.ReadDirectory(directory), settings);
}
