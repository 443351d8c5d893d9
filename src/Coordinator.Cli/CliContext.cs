using Coordinator.Cli.Api;
using Coordinator.Cli.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Coordinator.Cli;

/// <summary>What coordctl touches of its surroundings.</summary>
internal sealed record CliContext
{
    /// <summary>No table wraps at this width; lines of a file have no edge.</summary>
    const int WidthWithoutTerminal = 400;

    public required IAnsiConsole Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Output is redrawn in place only on a terminal.</summary>
    public required bool IsTerminal { get; init; }

    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    public Patience Patience { get; init; } = Patience.Default;

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Ids of requests that the user did not name.</summary>
    public Func<string> NewRequestId { get; init; } = () => $"coordctl-{Guid.NewGuid():N}";

    /// <summary>Where <c>up</c> finds coordinator-server and coordinator-agent: beside coordctl.</summary>
    public string BinaryDirectory { get; init; } = AppContext.BaseDirectory;

    /// <summary>A page that stays.</summary>
    /// <param name="page">Rendered at the terminal's width, so that sentences wrap by words.</param>
    /// <param name="columnsAtLeast">What its tables need: a line that the terminal folds can be read, a table that was squeezed letter by letter cannot.</param>
    public void Write(IRenderable page, int columnsAtLeast)
    {
        var paper = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = (ColorSystemSupport)Out.Profile.Capabilities.ColorSystem,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(new TrimmedLines(Out.Profile.Out.Writer)),
        });
        paper.Profile.Width = Math.Max(Out.Profile.Width, columnsAtLeast);
        paper.Write(page);
    }

    public static CliContext OfProcess()
    {
        var terminal = !Console.IsOutputRedirected;
        return new() { Out = terminal ? AnsiConsole.Console : WithoutTerminal(Console.Out), Error = Console.Error, IsTerminal = terminal };
    }

    public static IAnsiConsole WithoutTerminal(TextWriter writer, int width = WidthWithoutTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(new TrimmedLines(writer)),
        });
        console.Profile.Width = width;
        return console;
    }
}
