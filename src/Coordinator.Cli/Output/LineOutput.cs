using Coordinator.Cli.Api;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Output;

/// <summary>Without a terminal: a line per change.</summary>
internal sealed class LineOutput(TextWriter writer)
{
    Migration? told;

    public void Tell(WatchNews news)
    {
        switch (news)
        {
            case WatchNews.Changed changed when told is not null && ChangeLines.IsMinor(told, changed.Migration):
                break;
            case WatchNews.Changed changed:
                foreach (var line in ChangeLines.Between(told, changed.Migration))
                    writer.WriteLine(line);
                told = changed.Migration;
                break;
            default:
                writer.WriteLine(ConnectionNote.Of(news));
                break;
        }
        writer.Flush();
    }
}
