using System.CommandLine;
using Coordinator.Failpoints;

namespace Coordinator.Cli.Verbs;

/// <summary>For people who break their own cluster on purpose.</summary>
internal static class ChaosVerbs
{
    public static Command Command(CliContext context)
    {
        var failpoints = new Command(
            "failpoints",
            $"list every failpoint of coordinators and agents. A process started with {Failpoint.Variable}=DIR looks for a file of a point's name in DIR at each hit; its text is "
                + "kill, stop, hold (until the file is deleted), 'delay 250ms' or error, with 'N*' before it to begin with the Nth hit and ' vm=NAME' after it for one VM");
        failpoints.SetAction(_ =>
        {
            var width = FailpointCatalogue.All.Keys.Max(name => name.Length);
            foreach (var (name, meaning) in FailpointCatalogue.All)
                context.Out.Profile.Out.Writer.WriteLine($"{name.PadRight(width)}  {meaning}");
        });
        return new Command("chaos", "what can be broken on purpose") { failpoints };
    }
}
