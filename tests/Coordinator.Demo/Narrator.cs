using System.Diagnostics;
using System.Globalization;

namespace Coordinator.Demo;

/// <summary>What the demo says, with the seconds since it began.</summary>
internal sealed class Narrator(TextWriter writer)
{
    readonly long started = Stopwatch.GetTimestamp();

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    public void Chapter(string title)
    {
        writer.WriteLine();
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"== {title}  [{Elapsed.TotalSeconds:0.0} s]"));
        writer.Flush();
    }

    public void Say(string line)
    {
        writer.WriteLine(line);
        writer.Flush();
    }
}
