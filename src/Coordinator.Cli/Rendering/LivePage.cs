using System.Globalization;
using Coordinator.Contracts.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>One migration while it happens, redrawn in place on a terminal.</summary>
internal static class LivePage
{
    /// <summary>Newest events that stay in sight.</summary>
    const int ShownEvents = 6;

    /// <param name="note">About the connection; empty when all is well.</param>
    public static IRenderable Of(Migration migration, string note = "")
    {
        List<IRenderable> rows =
        [
            new Paragraph()
                .Append(migration.Vm, new Style(decoration: Decoration.Bold)).Append($"  {migration.SourceHost} to {migration.DestinationHost}  ")
                .Append(migration.Phase, Tone.PhaseStyle(migration.Phase))
                .Append(string.Create(CultureInfo.InvariantCulture, $"  attempt {migration.Attempt}{(migration.CancelRequested ? ", cancel requested" : "")}"))
                .Append(migration.Verdict.Length > 0 ? $"  {migration.Verdict}" : ""),
        ];
        if (migration.Progress is { } progress)
        {
            rows.Add(new Text(ProgressText.Bar(progress), new Style(Color.Aqua)));
            rows.Add(new Text(ProgressText.Of(progress)));
        }
        if (migration.Reason.Length > 0)
            rows.Add(Tone.Warning(migration.Reason));
        if (migration.Queues.Count > 0)
            rows.AddRange([Columns.Gap, QueueTable.Moving(migration.Queues)]);
        rows.Add(Columns.Gap);
        rows.AddRange(migration.Timeline.TakeLast(ShownEvents).Select(entry => Tone.Dim($"{Amounts.Clock(entry.At.ToDateTime())} {entry.Event} {entry.Detail}".TrimEnd())));
        if (note.Length > 0)
            rows.Add(Tone.Warning(note));
        return new Rows(rows);
    }
}
