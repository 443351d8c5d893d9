using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Coordinator.Actors.Platform;

/// <summary>Creates the tables (schema-sqlite.sql) and proves at every start that the database guards against stale writers and lost commits.</summary>
static class SqliteSchema
{
    // SQLite's own number for synchronous=FULL.
    private const long SynchronousFull = 2;

    private static readonly string[] Journals = ["journal", "sharding_journal"];
    private static readonly string[] UniqueColumns = ["persistence_id", "sequence_number"];

    public static void Create(SqliteConnection connection)
    {
        // Kept in the file. Readers and the one writer do not wait for each other then, which several processes on one file need.
        Execute(connection, "PRAGMA journal_mode=WAL");
        using var transaction = connection.BeginTransaction(deferred: false);
        foreach (var journal in Journals)
        {
            RefuseDuplicates(connection, journal);
        }

        Execute(connection, Script(), transaction);
        transaction.Commit();
    }

    public static void Verify(SqliteConnection connection, string store, int shardCount)
    {
        foreach (var journal in Journals)
        {
            if (!HasUniqueIndex(connection, journal))
            {
                throw new StoreException($"{store}: table {journal} has no UNIQUE index on (persistence_id, sequence_number). "
                    + "Without it a stale coordinator could record events behind the back of the live one. "
                    + "Drop the index of another shape that is in the way, or start from a copy that has it.");
            }
        }

        var mode = Scalar(connection, "PRAGMA journal_mode");
        if (mode is not "wal")
        {
            throw new StoreException($"{store}: journal mode is '{mode}' and WAL could not be set; "
                + "is the file on a network file system, or open elsewhere in exclusive mode?");
        }

        if (Scalar(connection, "PRAGMA synchronous") is not SynchronousFull)
        {
            throw new StoreException($"{store}: synchronous could not be set to FULL; acknowledged commits could be lost at a power cut.");
        }

        VerifyChoice(connection, store, "vm-shard-count", shardCount.ToString(CultureInfo.InvariantCulture));
    }

    private static void VerifyChoice(SqliteConnection connection, string store, string name, string value)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO platform_choice (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING;
            SELECT value FROM platform_choice WHERE name = @name
            """;
        command.Parameters.AddWithValue("@name", name);
        command.Parameters.AddWithValue("@value", value);
        var chosen = (string)command.ExecuteScalar()!;
        if (chosen != value)
        {
            throw new StoreException($"{store} was set up with {name} = {chosen}; this node is configured with {value}. "
                + $"It may not change during the life of the data: set it back to {chosen}.");
        }
    }

    private static bool HasUniqueIndex(SqliteConnection connection, string table) =>
        Rows(connection, $"SELECT name FROM pragma_index_list('{table}') WHERE \"unique\" = 1 AND partial = 0")
            .Any(index => Rows(connection, $"SELECT name FROM pragma_index_info('{index}') ORDER BY seqno")
                .SequenceEqual(UniqueColumns, StringComparer.OrdinalIgnoreCase));

    // A unique index cannot be created over duplicates; SQLite's own message would not say whose history is forked.
    private static void RefuseDuplicates(SqliteConnection connection, string table)
    {
        if (Rows(connection, $"SELECT name FROM pragma_table_info('{table}')").Count == 0 || HasUniqueIndex(connection, table))
        {
            return;
        }

        var forked = Rows(connection, $"""
            SELECT persistence_id || ' at ' || sequence_number FROM {table}
            GROUP BY persistence_id, sequence_number HAVING count(*) > 1 LIMIT 5
            """);
        if (forked.Count > 0)
        {
            throw new StoreException($"Table {table} holds two events for the same place: {string.Join(", ", forked)}. "
                + "Two coordinators wrote at once while it had no UNIQUE index; which of them is true must be decided by a person.");
        }
    }

    private static List<string> Rows(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static void Execute(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string Script()
    {
        using var stream = typeof(SqliteSchema).Assembly.GetManifestResourceStream("Coordinator.Actors.Platform.schema-sqlite.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
