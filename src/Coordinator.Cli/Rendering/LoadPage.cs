using System.Globalization;
using Coordinator.Cli.Load;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>The report for people.</summary>
internal static class LoadPage
{
    public const int ColumnsAtLeast = 100;
    const int NamedAtMost = 10;

    public static IRenderable Of(LoadReport report)
    {
        List<IRenderable> parts =
        [
            Columns.Heading(Text($"load {report.Run}: {report.Vms} VMs of {report.Queues} queues on {report.Hosts} hosts, {report.LoadedSeconds:0} s, seed {report.Seed}")),
            Counts(report),
            Columns.Gap,
            Distributions(report),
            Columns.Gap,
            Costs(report.Cost),
        ];
        Add(parts, "lost", report.Lost);
        Add(parts, "doubled", report.Doubled);
        Add(parts, "untrue", report.Untrue);
        parts.Add(Columns.Gap);
        parts.Add(new Text(Text($"{report.Lost.Count} lost, {report.Doubled.Count} doubled, {report.Untrue.Count} untrue, {report.Unanswered} unanswered{(report.Fault is { } fault ? Text($", {fault.NeverDrivenAgain} never driven again") : "")}")));
        return new Rows(parts);
    }

    static Table Counts(LoadReport report)
    {
        var table = Columns.Of("", ">", "");
        table.Add("requests", report.Requests, Text($"{report.Acknowledged} acknowledged, {report.RefusedRequests} refused, {report.Repeated} sent again; all acknowledged after {report.AllAcknowledgedAfterSeconds:0.0} s"));
        table.Add("under way", report.ActiveMedian, "at the same time, median");
        table.Add("begun", Text($"{report.StartedPerSecond:0.0}/s"), "");
        table.Add("ended", Text($"{report.EndedPerSecond:0.0}/s"), string.Join(", ", report.Outcomes.Select(outcome => $"{outcome.Value} {outcome.Key}")));
        if (report.Fault is { } fault)
            table.Add("fault", Text($"at {fault.AtSecond:0} s"), Text($"{fault.ActiveThen} migrations under way; {fault.NewLives} of them got a new life of their entity"));
        return table.WithSentences();
    }

    static Table Distributions(LoadReport report)
    {
        var table = Columns.Of("TIME, ms", ">COUNT", ">P50", ">P90", ">P99", ">MAX");
        Add(table, "request to acknowledgement", report.AcknowledgedAfterMs);
        var before = report.Fault is null ? "" : ", before the fault";
        Add(table, $"blackout{before}", report.BlackoutMs.Before);
        Add(table, "blackout, during the failover", report.BlackoutMs.During);
        Add(table, "blackout, after it", report.BlackoutMs.After);
        Add(table, $"blackout by own figures{before}", report.OwnBlackoutMs.Before);
        Add(table, "blackout by own figures, during", report.OwnBlackoutMs.During);
        Add(table, "blackout by own figures, after", report.OwnBlackoutMs.After);
        Add(table, "fault to new life in the journal", report.Fault?.ClaimedMs);
        Add(table, "fault to driven again", report.Fault?.DrivenAgainMs);
        return table;
    }

    static Table Costs(LoadReport.Costs cost)
    {
        var table = Columns.Of("COST", ">", "");
        Add(table, "events", cost.EventsPerMigration, "0.0", "for each migration that ended");
        Add(table, "journal, KB", cost.JournalBytesPerMigration / 1_000, "0.0", "for each");
        Add(table, "coordinators, CPU ms", cost.CoordinatorCpuMsPerMigration, "0.0", "for each, all nodes together");
        Add(table, "agents, CPU ms", cost.AgentCpuMsPerMigration, "0.0", "for each, both hosts together");
        Add(table, "simulated guests, CPU ms", cost.GuestCpuMsPerMigration, "0.0", "for each: a cost of the simulation");
        Add(table, "events/s", cost.EventsPerSecond, "0", "stored, all nodes together");
        Add(table, "events/s, at most", cost.PeakEventsPerSecond, "0", "in the busiest seconds since the hosts had connected");
        Add(table, "managed memory, KB", cost.ManagedBytesPerActive / 1_000, "0.0", "live in all coordinators beyond the empty cluster, for each migration under way; at their last whole collection");
        Add(table, "coordinators, MiB", cost.CoordinatorsResidentMiB, "0", "resident, together");
        Add(table, "agents, MiB", cost.AgentsResidentMiB, "0", "resident, together");
        Add(table, "simulated guests, MiB", cost.GuestsResidentMiB, "0", "resident, without their placeholder processes");
        return table.WithSentences();
    }

    static void Add(Table table, string name, Distribution? of)
    {
        if (of is { } known)
            table.Add(name, known.Count, Ms(known.P50), Ms(known.P90), Ms(known.P99), Ms(known.Max));
    }

    static void Add(Table table, string name, double? value, string format, string what)
    {
        if (value is { } known)
            table.Add(name, known.ToString(format, CultureInfo.InvariantCulture), what);
    }

    static void Add(List<IRenderable> parts, string what, IReadOnlyList<string> sentences)
    {
        parts.AddRange(sentences.Take(NamedAtMost).Select(sentence => new Text($"{what}: {sentence}")));
        if (sentences.Count > NamedAtMost)
            parts.Add(new Text(Text($"{what}: and {sentences.Count - NamedAtMost} more")));
    }

    static string Ms(double ms) => ms.ToString("#,0.0", CultureInfo.InvariantCulture);

    static string Text(FormattableString text) => FormattableString.Invariant(text);
}
