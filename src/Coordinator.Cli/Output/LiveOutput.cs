using Coordinator.Cli.Api;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;
using Spectre.Console;

namespace Coordinator.Cli.Output;

/// <summary>On a terminal: one page, redrawn.</summary>
internal sealed class LiveOutput(IAnsiConsole console, Migration started)
{
    Migration shown = started;
    string note = "";

    public Task<Migration> Run(Func<Action<WatchNews>, Task<Migration>> follow) => console
        .Live(LivePage.Of(shown))
        .AutoClear(enabled: true)
        .Overflow(VerticalOverflow.Ellipsis)
        .StartAsync(context => follow(news =>
        {
            if (news is WatchNews.Changed changed)
                shown = changed.Migration;
            note = ConnectionNote.Of(news) is { Length: > 0 } said ? said : news is WatchNews.Changed ? "" : note;
            context.UpdateTarget(LivePage.Of(shown, note));
            context.Refresh();
        }));
}
