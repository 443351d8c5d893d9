using System.Data.Common;
using Coordinator.Journal;
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

    // SQLite's own number for synchronous=FULL.
    private const long SynchronousFull = 2;

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

    public override string ProfileFile => CoordinatorConfig.EmbeddedProfile;

    internal override string Dialect => "sqlite";

    internal override bool HasTimeBeforeVersions => true;

    internal override void Prepare() => Directory.CreateDirectory(Path.GetDirectoryName(file)!);

    internal override void VerifyServer(DbConnection connection)
    {
        // Kept in the file. Readers and the one writer do not wait for each other then, which several processes on one file need.
        var session = new SqlSession(connection);
        var mode = session.Scalar("PRAGMA journal_mode=WAL");
        if (mode is not "wal")
        {
            throw new StoreException($"{Description}: journal mode is '{mode}' and WAL could not be set; "
                + "is the file on a network file system, or open elsewhere in exclusive mode?");
        }

        if (session.Scalar("PRAGMA synchronous") is not SynchronousFull)
        {
            throw new StoreException($"{Description}: synchronous could not be set to FULL; acknowledged commits could be lost at a power cut.");
        }
    }

    internal override DbTransaction BeginAlone(DbConnection connection) => ((SqliteConnection)connection).BeginTransaction(deferred: false);

    internal override bool HasTable(SqlSession session, string table) =>
        session.Scalar("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = @name", ("@name", table)) is not null;

    internal override bool HasUniqueEvents(SqlSession session, string table) =>
        session.Rows($"SELECT name FROM pragma_index_list('{table}') WHERE \"unique\" = 1 AND partial = 0", row => row.GetString(0))
            .Any(index => session.Rows($"SELECT name FROM pragma_index_info('{index}') ORDER BY seqno", row => row.GetString(0))
                .SequenceEqual(["persistence_id", "sequence_number"], StringComparer.OrdinalIgnoreCase));
}
