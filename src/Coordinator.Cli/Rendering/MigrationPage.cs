using System.Globalization;
using Coordinator.Contracts.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>Everything known of one migration, as <c>describe migration</c> shows it; <see cref="Result"/> is what a watch ends with.</summary>
internal static class MigrationPage
{
    /// <summary>The table of virtqueues with the longest verdict.</summary>
    public const int ColumnsAtLeast = 86;

    public static IRenderable Full(Migration migration) => new Rows(
    [
        Head(migration),
        .. Part("Phases", Timeline.Phases(migration)),
        .. Part("Timeline (as journalled)", Timeline.Of(migration)),
        .. Results(migration),
    ]);

    public static IRenderable Result(Migration migration) => new Rows(Results(migration).SkipWhile(part => part == Columns.Gap));

    static IEnumerable<IRenderable> Results(Migration migration)
    {
        if (migration.Blackout is { } blackout)
            foreach (var part in Part($"Blackout {BlackoutTable.Summary(blackout)}", BlackoutTable.Split(blackout)))
                yield return part;
        if (migration.Queues.Count > 0)
            foreach (var part in Part("Virtqueues", IsJudged(migration) ? QueueTable.Judged(migration.Queues) : QueueTable.Moving(migration.Queues)))
                yield return part;
        if (migration.Owed.Count > 0)
            foreach (var part in Part("Still owed", new Rows(migration.Owed.Select(owed => new Text(owed)))))
                yield return part;
    }

    static bool IsJudged(Migration migration) => migration.Terminal || migration.Queues.Any(queue => queue.Outcome.Length > 0);

    static Grid Head(Migration migration)
    {
        var grid = new Grid().AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) }).AddColumn(new GridColumn { Padding = new Padding(0, 0, 0, 0) });
        Line("migration", new Text(migration.Id));
        Line("VM", new Text($"{migration.Vm}, {migration.SourceHost} to {migration.DestinationHost}"));
        Line("phase", new Paragraph().Append(migration.Phase, Tone.PhaseStyle(migration.Phase)).Append(PhaseNote(migration)));
        Line("verdict", Tone.Verdict(migration.Verdict));
        if (migration.Reason.Length > 0)
            Line("reason", new Text(migration.Reason));
        if (migration.RequestedAt is { } requested)
            Line("requested", new Text(Amounts.Moment(requested.ToDateTime()) + (migration.EndedAt is { } ended ? $", ended after {Amounts.Span(ended.ToDateTime() - requested.ToDateTime())}" : "")));
        if (migration.Progress is { } progress)
            Line("copied", new Text(migration.Phase == "Succeeded" ? ProgressText.Done(progress) : ProgressText.Of(progress)));
        if (migration.Rehearsal is { } rehearsal)
            Line("rehearsal", new Text(
                $"round trip {Amounts.Ms(rehearsal.RoundTripMicros)}, sync {Amounts.Ms(rehearsal.SyncMicros)}, clocks differ by {Amounts.Ms(rehearsal.ClockOffsetMicros)} ± {Amounts.Ms(rehearsal.ClockUncertaintyMicros)}"));
        if (migration.Policy is { } policy)
            Line("policy", new Text(PolicyText.Of(policy)));
        return grid;

        void Line(string name, IRenderable value) => grid.AddRow(Tone.Dim(name), value);
    }

    static string PhaseNote(Migration migration) => string.Create(CultureInfo.InvariantCulture, $" (attempt {migration.Attempt}{(migration.CancelRequested ? ", cancel requested" : "")})");

    static IEnumerable<IRenderable> Part(string heading, IRenderable content) => [Columns.Gap, Columns.Heading(heading), Columns.Indented(content)];
}
