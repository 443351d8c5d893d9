using Spectre.Console;

namespace Coordinator.Cli.Rendering;

/// <summary>Colour is never the only carrier of a fact: every coloured word says it too.</summary>
internal static class Tone
{
    public static Text Phase(string phase) => new(phase, PhaseStyle(phase));

    public static Style PhaseStyle(string phase) => new(phase switch
    {
        "Succeeded" => Color.Green,
        "Failed" or "Lost" or "InDoubt" => Color.Red,
        "Cancelled" or "RollingBack" => Color.Yellow,
        _ => Color.Aqua,
    });

    public static Text Verdict(string verdict) => new(verdict.Length > 0 ? verdict : "-", new Style(verdict switch
    {
        "Verified" or "Verified(lap-blind)" => Color.Green,
        "Suspect" or "Refused" => Color.Red,
        _ => Color.Default,
    }));

    public static Text Outcome(string outcome, string text) => new(text, new Style(outcome switch
    {
        "Equal" => Color.Green,
        "Mismatch" => Color.Red,
        "" => Color.Default,
        _ => Color.Yellow,
    }));

    public static Text Dim(string text) => new(text, new Style(Color.Grey));

    public static Text Warning(string text) => new(text, new Style(Color.Yellow));
}
