using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Coordinator.Actors.Platform;

/// <summary>The journal's SQLite file as an operator handles it: backed up beside running coordinators, restored without any.</summary>
public sealed class JournalFile
{
    /// <summary>Under the coordinators' data directory.</summary>
    public const string FileName = "coordinator.db";

    /// <summary>SQLite's own companions of a file in WAL mode; left beside another file they would be applied to it.</summary>
    private static readonly string[] s_companions = ["-wal", "-shm"];

    private readonly string _path;

    private JournalFile(string path) => _path = path;

    /// <param name="directory">As the coordinators' <c>--data</c>.</param>
    public static JournalFile In(string directory) => new(Path.Combine(Path.GetFullPath(directory), FileName));

    /// <summary>
    /// SQLite's online backup: a consistent copy that writers do not wait for and that needs no stop of anything. It is checked, and only then given its name, so that a file of that name is whole.
    /// </summary>
    /// <returns>A sentence with what is in it.</returns>
    /// <exception cref="StoreException">There is no journal, the file exists, or the copy is not sound.</exception>
    public string BackUp(string file)
    {
        string target = Path.GetFullPath(file);
        if (!File.Exists(_path))
        {
            throw new StoreException($"there is no journal at {_path}; --data names the coordinators' data directory");
        }

        if (File.Exists(target))
        {
            throw new StoreException($"{target} exists; a backup never replaces a file, name another one");
        }

        string unfinished = $"{target}.unfinished";
        File.Delete(unfinished);
        try
        {
            File.Create(unfinished).Dispose();
            OwnersOnly(unfinished);
            using (SqliteConnection source = Open(_path, SqliteOpenMode.ReadWrite))
            using (SqliteConnection copy = Open(unfinished, SqliteOpenMode.ReadWrite))
            {
                source.BackupDatabase(copy);

                // One file to carry away, without companions.
                Scalar(copy, "PRAGMA journal_mode=DELETE");
            }

            string content = Content(unfinished);
            File.Move(unfinished, target);
            return $"{target}: {content}";
        }
        catch (SqliteException e)
        {
            throw new StoreException($"the journal {_path} cannot be backed up: {e.Message}", e);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>
    /// Puts a backup in the journal's place. What was there is kept beside it under a name with the time, and stays in its place until a whole copy of the backup lies beside it: a coordinator that finds
    /// no journal makes an empty one, for which every VM is unknown.
    /// </summary>
    /// <exception cref="StoreException">The backup is not sound or is the journal itself, it cannot be copied, or a coordinator has the journal open. The journal is as it was.</exception>
    public string Restore(string backup, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        string source = Path.GetFullPath(backup);
        if (!File.Exists(source))
        {
            throw new StoreException($"there is no backup {source}");
        }

        if (IsJournal(source))
        {
            throw new StoreException($"{source} is the journal itself; name a backup of it");
        }

        string copy = $"{_path}.unfinished";
        try
        {
            bool hadOne = File.Exists(_path);
            if (hadOne)
            {
                RefuseWhileOpen();
            }

            string content = Content(source);
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            Copy(source, copy);
            if (!hadOne)
            {
                File.Move(copy, _path);
                return $"{_path}: {content}";
            }

            // Again: copying takes its time.
            RefuseWhileOpen();
            string kept = string.Create(CultureInfo.InvariantCulture, $"{_path}.before-restore-{clock.GetUtcNow().UtcDateTime:yyyyMMdd-HHmmss}");
            Exchange(copy, kept);
            return $"{_path}: {content}; the journal before is kept as {kept}";
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"{source} cannot be restored, and the journal is as it was: {e.Message}", e);
        }
        finally
        {
            if (File.Exists(copy))
            {
                File.Delete(copy);
            }
        }
    }

    private static void Copy(string source, string copy)
    {
        File.Copy(source, copy, overwrite: true);
        OwnersOnly(copy);
        using (FileStream written = File.Open(copy, FileMode.Open, FileAccess.ReadWrite))
        {
            written.Flush(flushToDisk: true);
        }
    }

    private void Exchange(string copy, string kept)
    {
        Rename(_path, kept);
        try
        {
            File.Move(copy, _path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Rename(kept, _path);
            throw;
        }
    }

    /// <summary>By whatever name: a symbolic link to it, or one of its companions.</summary>
    private bool IsJournal(string file)
    {
        string meant = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        string journal = File.Exists(_path) ? File.ResolveLinkTarget(_path, returnFinalTarget: true)?.FullName ?? _path : _path;
        return meant == journal || s_companions.Any(c => meant == journal + c);
    }

    /// <summary>A journal names hosts, people and definitions.</summary>
    private static void OwnersOnly(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static void Rename(string from, string to)
    {
        File.Move(from, to);
        foreach (string companion in s_companions.Where(c => File.Exists(from + c)))
        {
            File.Move(from + companion, to + companion);
        }
    }

    /// <summary>In WAL mode every open connection holds the shared-memory file; an exclusive one is given only when there is no other.</summary>
    private void RefuseWhileOpen()
    {
        try
        {
            using SqliteConnection connection = Open(_path, SqliteOpenMode.ReadWrite);
            Scalar(connection, "PRAGMA locking_mode=EXCLUSIVE");
            Scalar(connection, "PRAGMA user_version");
            using SqliteTransaction alone = connection.BeginTransaction(deferred: false);
            alone.Rollback();
        }
        catch (SqliteException busy) when (busy.SqliteErrorCode is 5 or 6)
        {
            throw new StoreException($"{_path} is in use: stop every coordinator of this journal first (a restore under a running one would give it two pasts)", busy);
        }
    }

    private static string Content(string file)
    {
        using SqliteConnection connection = Open(file, SqliteOpenMode.ReadOnly);
        object? sound = Scalar(connection, "PRAGMA integrity_check(1)");
        if (sound is not "ok")
        {
            throw new StoreException($"{file} is damaged: {sound}");
        }

        object? events = Scalar(connection, "SELECT count(*) FROM journal");
        object? vms = Scalar(connection, "SELECT count(DISTINCT persistence_id) FROM journal");
        object? newest = Scalar(connection, "SELECT max(created) FROM journal");
        string until = newest is long ticks and > 0 ? $", the newest of {Moment(ticks)}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"sound, {events} events of {vms} VMs{until}");
    }

    /// <summary>Akka.Persistence.Sql writes .NET ticks; a file of another writer may hold milliseconds since 1970, which are far smaller.</summary>
    private static string Moment(long created) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(created > DateTime.UnixEpoch.Ticks ? new DateTime(created, DateTimeKind.Utc) : DateTimeOffset.FromUnixTimeMilliseconds(created).UtcDateTime):yyyy-MM-dd HH:mm:ss} UTC");

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false, DefaultTimeout = 5 }.ToString());
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

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
