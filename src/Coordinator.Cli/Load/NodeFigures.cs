using System.Globalization;

namespace Coordinator.Cli.Load;

/// <summary>What one scrape of a coordinator's /metrics says of its costs.</summary>
/// <param name="Events">Stored since it started.</param>
/// <param name="JournalBytes">Of those events.</param>
/// <param name="CpuSeconds">Of its process.</param>
/// <param name="LiveBytes">Managed memory in use at its last collection of the whole heap.</param>
/// <param name="ResidentBytes">Of its process.</param>
internal sealed record NodeFigures(double Events, double JournalBytes, double CpuSeconds, double LiveBytes, double ResidentBytes)
{
    public static readonly NodeFigures None = new(0, 0, 0, 0, 0);

    /// <summary>Names of the metrics; a page without one of them is of an older coordinator.</summary>
    /// <exception cref="FormatException">It is no such page.</exception>
    public static NodeFigures Parse(string page)
    {
        var values = page.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ')).Where(parts => parts.Length == 2)
            .GroupBy(parts => parts[0], StringComparer.Ordinal).ToDictionary(same => same.Key, same => double.Parse(same.First()[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
        double Of(string name) => values.TryGetValue(name, out var value) ? value : throw new FormatException($"it has no {name}; is it a coordinator of this version?");
        return new(Of("coordinator_journal_events_total"), Of("coordinator_journal_bytes_total"), Of("process_cpu_seconds_total"), Of("coordinator_heap_live_bytes"), Of("process_working_set_bytes"));
    }

    /// <summary>What came on top since the scrape before; a node that was started again counts from 0.</summary>
    public NodeFigures Since(NodeFigures before) => new(
        Risen(before.Events, Events), Risen(before.JournalBytes, JournalBytes), Risen(before.CpuSeconds, CpuSeconds), LiveBytes, ResidentBytes);

    public NodeFigures Plus(NodeFigures other) => new(
        Events + other.Events, JournalBytes + other.JournalBytes, CpuSeconds + other.CpuSeconds, LiveBytes + other.LiveBytes, ResidentBytes + other.ResidentBytes);

    /// <summary>Of what only rises; memory stays as it is.</summary>
    public NodeFigures Minus(NodeFigures before) => this with { Events = Events - before.Events, JournalBytes = JournalBytes - before.JournalBytes, CpuSeconds = CpuSeconds - before.CpuSeconds };

    static double Risen(double before, double now) => now < before ? now : now - before;
}
