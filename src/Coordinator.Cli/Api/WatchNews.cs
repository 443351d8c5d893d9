using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Api;

/// <summary>What a watch tells as it goes.</summary>
internal abstract record WatchNews
{
    public sealed record Changed(Migration Migration) : WatchNews;

    /// <summary>The server went away; the migration does not care.</summary>
    public sealed record ServerLost(Uri Server, string Reason) : WatchNews;

    public sealed record ServerFound(Uri Server) : WatchNews;
}
