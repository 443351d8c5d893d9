using System.Data.Common;
using System.Globalization;
using Coordinator.Journal;
using LinqToDB;
using Npgsql;

namespace Coordinator.Actors.Platform;

/// <summary>The cluster profile: one PostgreSQL database for all coordinator nodes. Version 15 is tested.</summary>
public sealed class PostgresStore : SqlStore
{
    /// <summary>Below the journal's call-timeout (5 s, journal-postgresql.conf) together with <see cref="CancellationMs"/>, so that a write ends in an answer and not in doubt.</summary>
    public const int StatementTimeoutSeconds = 4;

    /// <summary>Also how long a statement waits for a connection of the pool.</summary>
    public const int ConnectTimeoutSeconds = 3;

    // How long the server may take to confirm that a timed-out statement is cancelled; then the connection is broken off.
    private const int CancellationMs = 500;

    // Three nodes fit below PostgreSQL's default of 100 connections, with room for a person; 5 to 7 nodes need max_connections = 250.
    private const int DefaultPoolSize = 26;

    // Of the lease and the list of nodes, which must not wait behind recoveries and lists.
    private const int MembershipPoolSize = 6;

    // A node that is stopped (SIGSTOP, a frozen container) between INSERT and COMMIT would hold up the successor of its entities at the unique index for as long as it is stopped.
    private const int IdleInTransactionMs = 3_000;

    // A node that sets up the database has held up nobody yet, and may be slow: on a starved machine it was cut off between two statements. Others wait behind it at the advisory lock.
    private const string IdleInUpgrade = "60s";

    private const int OldestVersion = 12;

    // Any number that is the same in every coordinator: "coordina" in ASCII.
    private const long UpgradeKey = 0x636F6F7264696E61;

    private readonly string membershipConnections;

    private PostgresStore(NpgsqlConnectionStringBuilder settings)
    {
        ConnectionString = settings.ConnectionString;
        var place = settings.Host!.Contains(',', StringComparison.Ordinal) ? settings.Host : string.Create(CultureInfo.InvariantCulture, $"{settings.Host}:{settings.Port}");
        Description = $"PostgreSQL database {settings.Database} at {place}";
        DataOptions = new DataOptions().UseConnectionString(ProviderName.PostgreSQL15, ConnectionString);

        // Npgsql keeps one pool per connection string.
        membershipConnections = new NpgsqlConnectionStringBuilder(ConnectionString) { ApplicationName = settings.ApplicationName + " (membership)", MaxPoolSize = MembershipPoolSize, MinPoolSize = 0 }.ConnectionString;
    }

    /// <summary>With the password, if there is one: for connections, never for messages.</summary>
    internal string ConnectionString { get; }

    public override string Description { get; }

    public override string ProfileFile => CoordinatorConfig.ClusterProfile;

    // Not now(), which is the start of the transaction.
    public override string NowMsSql => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

    public override DataOptions DataOptions { get; }

    internal override string Dialect => "postgresql";

    /// <param name="connection">Npgsql's connection string, or a <c>postgresql://</c> URI. What it sets stays; times and the pool's size that it leaves out are ours.</param>
    /// <param name="password">Instead of one in the connection; null for none.</param>
    /// <exception cref="StoreException">It cannot be read. The text does not repeat it: it may hold a password.</exception>
    public static PostgresStore Of(string connection, string? password = null)
    {
        var settings = PostgresAddress.Read(connection);
        if (password is not null)
        {
            settings.Password = password;
        }

        Default(settings, "Timeout", () => settings.Timeout = ConnectTimeoutSeconds);
        Default(settings, "Command Timeout", () => settings.CommandTimeout = StatementTimeoutSeconds);
        Default(settings, "Cancellation Timeout", () => settings.CancellationTimeout = CancellationMs);
        Default(settings, "Maximum Pool Size", () => settings.MaxPoolSize = DefaultPoolSize);
        Default(settings, "Application Name", () => settings.ApplicationName = "coordinator");
        Default(settings, "Options", () => settings.Options = string.Create(CultureInfo.InvariantCulture, $"-c idle_in_transaction_session_timeout={IdleInTransactionMs}"));
        return settings.CommandTimeout is > 0 and <= StatementTimeoutSeconds
            ? new PostgresStore(settings)
            : throw new StoreException($"The database's Command Timeout is {settings.CommandTimeout} s; it must be 1 to {StatementTimeoutSeconds} s, "
                + "below the journal's call-timeout: a write that is answered too late leaves its entity in doubt.");
    }

    public override DbConnection Open() => Open(ConnectionString);

    public override DbConnection OpenForMembership() => Open(membershipConnections);

    private static NpgsqlConnection Open(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    internal override void VerifyServer(DbConnection connection)
    {
        if (((NpgsqlConnection)connection).PostgreSqlVersion is { Major: < OldestVersion } old)
        {
            throw new StoreException($"{Description} is of version {old}; {OldestVersion} or newer is needed.");
        }

        var session = new SqlSession(connection);
        if (session.Scalar("SELECT pg_is_in_recovery()") is true)
        {
            throw new StoreException($"{Description} is a standby, which cannot be written to; name the primary.");
        }

        foreach (var setting in new[] { "synchronous_commit", "fsync" })
        {
            if (session.Scalar($"SHOW {setting}") is "off")
            {
                throw new StoreException($"{Description}: {setting} is off; acknowledged commits could be lost when the server ends. Set it on.");
            }
        }
    }

    internal override DbTransaction BeginAlone(DbConnection connection)
    {
        var transaction = connection.BeginTransaction();
        var session = new SqlSession(connection, transaction, timeoutSeconds: 0);
        session.Execute($"SET LOCAL idle_in_transaction_session_timeout = '{IdleInUpgrade}'");
        session.Execute("SELECT pg_advisory_xact_lock(@key)", ("@key", UpgradeKey));
        return transaction;
    }

    internal override bool HasTable(SqlSession session, string table) =>
        session.Scalar("SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = @name", ("@name", table)) is not null;

    internal override bool HasUniqueEvents(SqlSession session, string table) => session.Scalar(
        """
        SELECT 1 FROM pg_index i
        WHERE i.indrelid = to_regclass(@table) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 2
          AND (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k (attnum, place)
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum WHERE k.place <= 2) = ARRAY['persistence_id', 'sequence_number']
        LIMIT 1
        """,
        ("@table", table)) is not null;

    private static void Default(NpgsqlConnectionStringBuilder settings, string keyword, Action set)
    {
        if (!settings.Keys.Contains(keyword, StringComparer.OrdinalIgnoreCase))
        {
            set();
        }
    }
}
