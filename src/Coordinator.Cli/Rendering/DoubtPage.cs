using Coordinator.Contracts.Api;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>A doubt for the person who is to settle it: the evidence, every choice, and what stands in the way of each.</summary>
internal static class DoubtPage
{
    public const int ColumnsAtLeast = 100;

    public static IRenderable Of(Migration migration)
    {
        if (migration.Doubt is not { } doubt)
            return new Text($"migration {migration.Id} of {migration.Vm} is {migration.Phase}: nothing is in doubt");
        List<IRenderable> parts =
        [
            new Text($"migration {migration.Id} of {migration.Vm}, {migration.SourceHost} to {migration.DestinationHost}, is IN DOUBT", new Style(Color.Red, decoration: Decoration.Bold)),
            new Text(migration.Reason),
        ];
        if (doubt.HostsOff.Count > 0)
            parts.Add(new Text($"proven off: {string.Join(", ", doubt.HostsOff)}"));
        if (doubt.Resolution.Length > 0)
            parts.Add(new Text($"being carried out: {doubt.Resolution}"));
        parts.Add(Columns.Gap);
        parts.Add(Columns.Heading("Choices"));
        var grid = new Grid().AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) }).AddColumn(new GridColumn { Padding = new Padding(0, 0, 0, 0) });
        foreach (var choice in doubt.Choices)
            grid.AddRow(new Text(OptionOf(choice.Name)), new Text(choice.Refusal.Length == 0 ? $"open: {Meaning(choice.Name)}" : $"not open: {choice.Refusal}"));
        parts.Add(Columns.Indented(grid));
        parts.Add(new Text($"A choice names what it is about: --attempt {migration.Attempt}"));
        return new Rows(parts);
    }

    static string OptionOf(string choice) => choice switch
    {
        "Lost" => "--lost",
        "KeepSource" => "--keep-source",
        "RunDestination" => "--run-destination",
        "ReleaseFromRecord" => "--run-destination --record",
        _ => choice,
    };

    static string Meaning(string choice) => choice switch
    {
        "Lost" => "the guest is given up; what is left of it is ended",
        "KeepSource" => "the source's copy goes on; disks that the destination may have written to are newer than its memory",
        "RunDestination" => "the destination's copy goes on; disks that the source may have written to are newer than its memory",
        "ReleaseFromRecord" => "the destination's copy goes on if the source agent's own record shows that it was complete; nothing is rewound",
        _ => "",
    };
}
