using Microsoft.Data.Sqlite;

namespace Coordinator.Actors.Tests.Platform;

sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("coordinator-platform-").FullName;

    public string DatabaseFile => System.IO.Path.Combine(Path, "coordinator.db");

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(Path, recursive: true);
    }
}
