using System.Runtime.CompilerServices;
using Spectre.Console;
using Spectre.Console.Rendering;
using Xunit;

namespace Coordinator.Cli.Tests.Support;

/// <summary>Whole pages against files under Golden/. After a wanted change: COORDCTL_WRITE_GOLDENS=1 writes them anew, and the diff is to be read.</summary>
internal static class Golden
{
    public static void Matches(string name, IRenderable page)
    {
        using var writer = new StringWriter();
        CliContext.WithoutTerminal(writer, width: 160).Write(page);
        Matches(name, writer.ToString());
    }

    public static void Matches(string name, string text, [CallerFilePath] string here = "")
    {
        var file = Path.Combine(Path.GetDirectoryName(here)!, "..", "Golden", $"{name}.txt");
        if (Environment.GetEnvironmentVariable("COORDCTL_WRITE_GOLDENS") == "1")
            File.WriteAllText(file, text);
        Assert.Equal(File.ReadAllText(file), text);
    }
}
