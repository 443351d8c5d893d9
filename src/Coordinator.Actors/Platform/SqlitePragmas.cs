using System.Data.Common;
using LinqToDB.Interceptors;

namespace Coordinator.Actors.Platform;

/// <summary>
/// Settings that SQLite keeps per connection, applied at every opening, Akka.Persistence.Sql's own included (WAL is kept in the file:
/// <see cref="SqliteStore"/>).
/// <list type="bullet">
/// <item><c>busy_timeout</c>: SQLite then waits for another process in steps of 1 to 100 ms; without it Microsoft.Data.Sqlite sleeps 150 ms at a time.</item>
/// <item><c>synchronous=FULL</c>: in WAL mode NORMAL loses acknowledged commits at a power cut, and an acknowledged request must never be lost.</item>
/// </list>
/// </summary>
sealed class SqlitePragmas : ConnectionInterceptor
{
    private static readonly string Statement = $"PRAGMA busy_timeout={SqliteStore.BusyTimeoutMs}; PRAGMA synchronous=FULL;";

    public static void Apply(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Statement;
        command.ExecuteNonQuery();
    }

    public override void ConnectionOpened(ConnectionEventData eventData, DbConnection connection) => Apply(connection);

    public override Task ConnectionOpenedAsync(ConnectionEventData eventData, DbConnection connection, CancellationToken cancellationToken)
    {
        Apply(connection);
        return Task.CompletedTask;
    }
}
