using Coordinator.Cli.Api;
using Coordinator.Cli.Output;
using Spectre.Console;

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
