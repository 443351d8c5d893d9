using Coordinator.Cli.Api;

namespace Coordinator.Cli.Output;

internal static class ConnectionNote
{
    /// <returns>Empty for news that are not about the connection.</returns>
    public static string Of(WatchNews news) => news switch
    {
        WatchNews.ServerLost lost => $"lost the coordinator at {lost.Server} ({lost.Reason}); looking for one that answers, the migration goes on",
        WatchNews.ServerFound found => $"watching again through {found.Server}",
        _ => "",
    };
}
