using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli.Rendering;

/// <summary>Tables without lines, header in capitals: what people grep and scripts cut, the same with and without a terminal.</summary>
internal static class Columns
{
    public static Table Of(params IEnumerable<string> headers)
    {
        var table = new Table { Border = TableBorder.None, ShowRowSeparators = false };
        foreach (var header in headers)
        {
            var right = header.StartsWith('>');
            table.AddColumn(new TableColumn(new Text(right ? header[1..] : header, new Style(decoration: Decoration.Bold)))
            {
                Alignment = right ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, 2, 0),
                NoWrap = true,
            });
        }
        return table;
    }

    /// <summary>The last column takes what is left of the line and wraps; sentences stand there.</summary>
    public static Table WithSentences(this Table table)
    {
        table.Columns[^1].NoWrap = false;
        return table;
    }

    public static Table Add(this Table table, params IEnumerable<object> cells) =>
        table.AddRow(cells.Select(cell => cell as IRenderable ?? new Text($"{cell}")));

    public static IRenderable Heading(string text) => new Text(text, new Style(decoration: Decoration.Bold));

    public static IRenderable Indented(IRenderable inner) => new Padder(inner, new Padding(2, 0, 0, 0));

    /// <summary>An empty line between parts of a page.</summary>
    public static readonly IRenderable Gap = new Text(" ");
}
