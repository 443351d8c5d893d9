using Coordinator.Actors.Platform;

namespace Coordinator.ClusterProbe;

static class ProbeStore
{
    /// <summary>A file is SQLite's, a connection string PostgreSQL's.</summary>
    public static SqlStore Of(string database) => Path.IsPathRooted(database) ? new SqliteStore(database) : PostgresStore.Of(database);
}
