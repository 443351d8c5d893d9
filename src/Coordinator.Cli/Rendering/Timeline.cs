using Coordinator.Contracts.Api;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>The persisted events: when, how long after the one before, what.</summary>
internal static class Timeline
{
    public static IRenderable Of(Migration migration)
    {
        var table = Columns.Of("AT (UTC)", ">AFTER", "EVENT", "DETAIL");
        DateTime? before = null;
        foreach (var entry in migration.Timeline)
        {
            var at = entry.At.ToDateTime();
            table.Add(Amounts.Clock(at), before is { } earlier ? $"+{Amounts.Span(at - earlier)}" : "", entry.Event, entry.Detail);
            before = at;
        }
        return table.WithSentences();
    }

    public static IRenderable Phases(Migration migration)
    {
        var table = Columns.Of("PHASE", "ENTERED (UTC)", ">TOOK");
        foreach (var span in PhaseSpans.Of(migration))
            table.Add(span.Phase, Amounts.Clock(span.From), span.To is { } to ? Amounts.Span(to - span.From) : "goes on");
        return table;
    }
}
