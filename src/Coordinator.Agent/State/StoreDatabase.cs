using Microsoft.Data.Sqlite;

namespace Coordinator.Agent.State;

/// <summary>The SQLite file: how it is opened, what is in it, and what its errors mean to a person.</summary>
internal static class StoreDatabase
{
    public const string FileName = "agent.db";

    private const long SchemaVersion = 1;

    // AUTOINCREMENT: a sequence is never given twice, even after the newest rows were deleted; sqlite_sequence is the counter behind LastSequence.
    private const string Schema = """
        CREATE TABLE instance (id BLOB NOT NULL, inode INTEGER NOT NULL, birth INTEGER NOT NULL);
        CREATE TABLE record (sequence INTEGER PRIMARY KEY AUTOINCREMENT, vm TEXT NOT NULL, instance BLOB NOT NULL, kind TEXT NOT NULL, payload BLOB NOT NULL);
        CREATE INDEX record_by_vm ON record (vm, sequence);
        CREATE TABLE step (sequence INTEGER PRIMARY KEY AUTOINCREMENT, vm TEXT NOT NULL, epoch INTEGER NOT NULL, step_no INTEGER NOT NULL, result BLOB NOT NULL,
            UNIQUE (vm, epoch, step_no));
        """;

    public static SqliteConnection Open(string directory)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(directory, FileName),
            Mode = SqliteOpenMode.ReadWriteCreate,
            // A pooled connection outlives its Dispose and with it the state directory of a test or a stopped agent.
            Pooling = false,
        }.ToString());
        connection.Open();
        // FULL: a commit in WAL mode is synced before it returns; NORMAL would lose acknowledged records with the host.
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
        return connection;
    }

    public static void RequireHealthy(SqliteConnection connection)
    {
        if (Scalar(connection, "PRAGMA quick_check(1)") is not "ok")
        {
            throw new AgentStoreException(StoreFault.Damaged, Damaged(connection.DataSource));
        }
    }

    /// <summary>Makes the tables in a new file. Version 0 is an empty file: SQLite's own, or what a crash left before the first commit.</summary>
    public static bool CreateIfEmpty(SqliteConnection connection)
    {
        var version = (long)Scalar(connection, "PRAGMA user_version")!;
        if (version > SchemaVersion)
        {
            throw new AgentStoreException(StoreFault.TooNew,
                $"{connection.DataSource} was written by a newer agent (format {version}, this one knows {SchemaVersion}). Install that version again; going "
                    + "back is not supported.");
        }

        if (version == 0)
        {
            Execute(connection, $"BEGIN IMMEDIATE; {Schema} PRAGMA user_version = {SchemaVersion}; COMMIT;");
        }

        return version == 0;
    }

    /// <summary>Finds or makes the instance id. The file's identity is kept beside it: a copy of the file gets an id of its own.</summary>
    public static (Guid Id, StoreOrigin Origin) Instance(SqliteConnection connection, FileIdentity file)
    {
        using (var read = Command(connection, "SELECT id, inode, birth FROM instance"))
        using (var row = read.ExecuteReader())
        {
            if (row.Read() && new FileIdentity(unchecked((ulong)row.GetInt64(1)), row.GetInt64(2)) == file)
            {
                return (new Guid((byte[])row[0]), StoreOrigin.Continued);
            }
        }

        var restored = (long)Scalar(connection, "SELECT count(*) FROM instance")! > 0;
        var id = Guid.NewGuid();
        using var write = Command(connection, "DELETE FROM instance; INSERT INTO instance (id, inode, birth) VALUES ($id, $inode, $birth)",
            ("$id", id.ToByteArray()), ("$inode", unchecked((long)file.Inode)), ("$birth", file.BirthNanoseconds));
        using var transaction = connection.BeginTransaction();
        write.Transaction = transaction;
        write.ExecuteNonQuery();
        transaction.Commit();
        return (id, restored ? StoreOrigin.Restored : StoreOrigin.Created);
    }

    public static AgentStoreException Explained(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        13 => new AgentStoreException(StoreFault.Full, $"no space is left for {path}; nothing was recorded. Free space on its filesystem: the agent goes on by "
            + "itself then.", e),
        11 or 26 => new AgentStoreException(StoreFault.Damaged, Damaged(path), e),
        _ => new AgentStoreException(StoreFault.Refused, $"{path} refused a write or read: {e.Message} (SQLite {e.SqliteErrorCode}, "
            + $"{e.SqliteExtendedErrorCode}). Nothing was recorded.", e),
    };

    public static SqliteCommand Command(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this folder only.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = Command(connection, sql);
        command.ExecuteNonQuery();
    }

    public static object? Scalar(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = Command(connection, sql, parameters);
        return command.ExecuteScalar();
    }

    private static string Damaged(string path) =>
        $"{path} is damaged. Move the state directory aside (keep it for a look) and start the agent again: it begins with a new instance id and answers "
            + "'unknown' for attempts that were undecided, so a person must settle those.";
}
