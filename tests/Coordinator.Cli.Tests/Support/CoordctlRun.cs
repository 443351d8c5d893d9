using Coordinator.Cli.Api;
using Spectre.Console;

namespace Coordinator.Cli.Tests.Support;

/// <summary>coordctl in this process.</summary>
internal sealed record CoordctlRun(int ExitCode, string Output, string Error)
{
    /// <summary>Long enough for a busy machine; tests that want to see it give up name a shorter one.</summary>
    public static readonly Patience Patient = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(10));

    public static Task<CoordctlRun> Of(FakeCoordinator coordinator, params string[] arguments) => With(new(), [.. arguments, "--server", coordinator.Url]);

    public static async Task<CoordctlRun> With(Surroundings surroundings, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var shown = surroundings.Output is null ? output : (TextWriter)TextWriter.Synchronized(new Tee(output, surroundings.Output));
        var context = new CliContext
        {
            Out = surroundings.Terminal ? Terminal(shown) : CliContext.WithoutTerminal(shown),
            Error = error,
            IsTerminal = surroundings.Terminal,
            Environment = surroundings.Variables.GetValueOrDefault,
            Patience = surroundings.Patience,
            BinaryDirectory = surroundings.Binaries,
            NewRequestId = () => "coordctl-test",
        };
        var code = await Coordctl.Run(arguments, context, surroundings.Interrupted);
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>Colours and cursor movements as a terminal of 120 columns gets them.</summary>
    static IAnsiConsole Terminal(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.Standard,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = 120;
        console.Profile.Height = 50;
        return console;
    }

    sealed class Tee(TextWriter first, Action<string> second) : TextWriter
    {
        string line = "";

        public override System.Text.Encoding Encoding => first.Encoding;

        public override void Write(char value)
        {
            first.Write(value);
            if (value != '\n')
            {
                line += value;
                return;
            }
            second(line);
            line = "";
        }
    }
}

internal sealed record Surroundings
{
    public Dictionary<string, string?> Variables { get; init; } = [];

    public bool Terminal { get; init; }

    public Patience Patience { get; init; } = CoordctlRun.Patient;

    public string Binaries { get; init; } = "/nonexistent";

    public CancellationToken Interrupted { get; init; }

    /// <summary>Gets each line as it is written.</summary>
    public Action<string>? Output { get; init; }
}
