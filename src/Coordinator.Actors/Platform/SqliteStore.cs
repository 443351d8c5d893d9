using System.Data.Common;
using LinqToDB;
using LinqToDB.Interceptors;
using Microsoft.Data.Sqlite;

namespace Coordinator.Actors.Platform;

/// <summary>
/// The embedded profile: one file, shared by the coordinator processes of one machine (never over a network file system: WAL needs shared memory).
/// </summary>
public sealed class SqliteStore : SqlStore
{
    /// <summary>
    /// How long a statement waits for another process's write. Below the journal's call-timeout (5 s, journal-sqlite.conf), so that a write ends in an answer
    /// and not in doubt.
    /// </summary>
    public const int BusyTimeoutMs = 4_000;

    // Microsoft.Data.Sqlite tries again on SQLITE_BUSY every 150 ms until this is over; equal to the busy timeout, it does not add to it.
    private const int CommandTimeoutSeconds = BusyTimeoutMs / 1_000;

    private readonly string file;

    public SqliteStore(string file)
    {
        this.file = Path.GetFullPath(file);
        ConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = this.file,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Cache = SqliteCacheMode.Private,
            DefaultTimeout = CommandTimeoutSeconds,
            Pooling = true,
        }.ToString();
        DataOptions = new DataOptions().UseConnectionString(ProviderName.SQLiteMS, ConnectionString).UseInterceptor(new SqlitePragmas());
    }

    public string ConnectionString { get; }

    public override string Description => $"SQLite file {file}";

    public override string NowMsSql => "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

    public override DataOptions DataOptions { get; }

    public override DbConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        try
        {
            connection.Open();
            SqlitePragmas.Apply(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override void CreateAndVerify(int shardCount)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using var connection = (SqliteConnection)Open();
            SqliteSchema.Create(connection);
            SqliteSchema.Verify(connection, Description, shardCount);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{Description} cannot be used: {e.Message}", e);
        }
    }
}
