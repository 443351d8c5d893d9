using System.Globalization;
using Coordinator.Contracts.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>A drain: how it stands or ended, and every guest of it.</summary>
internal static class DrainPage
{
    public static IRenderable Of(Drain drain)
    {
        List<IRenderable> parts = [Columns.Heading(Head(drain))];
        if (drain.Sentence.Length > 0)
            parts.Add(new Text(drain.Sentence));
        parts.Add(new Text(Counts(drain)));
        if (drain.Guests.Count > 0)
        {
            var table = Columns.Of("VM", "STATE", "DESTINATION", "VERDICT", ">BLACKOUT", ">TRIES", "MIGRATION", "WHY");
            foreach (var guest in drain.Guests)
                table.Add(
                    guest.Vm, State(guest), guest.Destination.Length > 0 ? guest.Destination : "-", Tone.Verdict(guest.Verdict), guest.BlackoutMicros > 0 ? Amounts.Ms(guest.BlackoutMicros) : "-",
                    Amounts.Count(guest.Tries), guest.MigrationId.Length > 0 ? guest.MigrationId : "-", guest.Sentence);
            parts.Add(table.WithSentences());
        }

        return new Rows(parts);
    }

    /// <summary>What a guest's line says while the drain is followed.</summary>
    public static (string Vm, string Text) Line(DrainedGuest guest) => (guest.Vm, string.Join(' ', new[]
    {
        guest.Vm,
        guest.State.ToLowerInvariant(),
        guest.Destination.Length > 0 ? $"to {guest.Destination}" : "",
        guest.State == "Moved" && guest.Verdict.Length > 0 ? $"({guest.Verdict}, {Amounts.Ms(guest.BlackoutMicros)})" : "",
        guest.State is not "Moved" && guest.Sentence.Length > 0 ? $"- {guest.Sentence}" : "",
    }.Where(word => word.Length > 0)));

    static string Head(Drain drain) =>
        drain.Id.Length == 0 ? $"{drain.Host} would be drained so; nothing was begun"
        : drain.Outcome.Length == 0 ? string.Create(CultureInfo.InvariantCulture, $"{drain.Host} is being drained by {drain.By} since {drain.AskedAt.ToDateTime():yyyy-MM-dd HH:mm:ss} UTC: {drain.Reason}")
        : string.Create(CultureInfo.InvariantCulture, $"{drain.Host}: {drain.Outcome} after {(drain.EndedAt.ToDateTime() - drain.AskedAt.ToDateTime()).TotalSeconds:0} s, asked for by {drain.By}: {drain.Reason}");

    static string Counts(Drain drain)
    {
        var counts = new[] { "Moved", "Moving", "Waiting", "Left" }
            .Select(state => (State: state, Count: drain.Guests.Count(guest => guest.State == state)))
            .Where(known => known.Count > 0)
            .Select(known => string.Create(CultureInfo.InvariantCulture, $"{known.Count} {known.State.ToLowerInvariant()}"));
        var text = string.Join(", ", counts);
        return (text.Length > 0 ? text : "no guests") + (drain.LargestBlackoutMicros > 0 ? $"; largest blackout {Amounts.Ms(drain.LargestBlackoutMicros)}" : "");
    }

    static Text State(DrainedGuest guest) => new(guest.State, new Style(guest.State switch
    {
        "Moved" => Color.Green,
        "Left" => Color.Red,
        _ => Color.Aqua,
    }));
}
