using Coordinator.Actors.Platform;
using Microsoft.Data.Sqlite;

namespace Coordinator.Actors.Tests.Platform;

public sealed class JournalFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Backup => Path.Combine(_directory.Path, "backup.db");

    [Fact]
    public void Backup_OfAnOpenJournal_HoldsWhatWasCommittedAndIsOneFile()
    {
        using SqliteConnection coordinator = OpenJournal();
        Write(coordinator, "vm-web-1", 1);

        string said = JournalFile.In(_directory.Path).BackUp(Backup);

        Assert.Contains("sound, 1 events of 1 VMs, the newest of 2026-11-23 04:05:06 UTC", said, StringComparison.Ordinal);
        Assert.Equal([Backup], Directory.GetFiles(_directory.Path, "backup*"));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Backup) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.Contains("a backup never replaces a file", Assert.Throws<StoreException>(() => JournalFile.In(_directory.Path).BackUp(Backup)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_UnderARunningCoordinator_IsRefused()
    {
        using SqliteConnection coordinator = OpenJournal();
        JournalFile.In(_directory.Path).BackUp(Backup);

        StoreException refused = Assert.Throws<StoreException>(() => JournalFile.In(_directory.Path).Restore(Backup, TimeProvider.System));

        Assert.Contains("stop every coordinator", refused.Message, StringComparison.Ordinal);
        Write(coordinator, "vm-web-1", 1);
    }

    [Fact]
    public void Restore_PutsTheBackupInPlaceAndKeepsWhatWasThere()
    {
        WriteBackUpAndWriteOn();
        string said = JournalFile.In(_directory.Path).Restore(Backup, TimeProvider.System);

        Assert.Contains("sound, 1 events of 1 VMs", said, StringComparison.Ordinal);
        Assert.Contains("is kept as", said, StringComparison.Ordinal);
        new SqliteStore(_directory.DatabaseFile).CreateAndVerify(shardCount: 20);
        Assert.Equal(1, Events(_directory.DatabaseFile));
        string kept = Directory.GetFiles(_directory.Path, "coordinator.db.before-restore-*").Single(f => !f.EndsWith("-wal", StringComparison.Ordinal) && !f.EndsWith("-shm", StringComparison.Ordinal));
        Assert.Equal(2, Events(kept));
    }

    [Fact]
    public void Restore_ThatCannotCopyTheBackup_LeavesTheJournalInItsPlace()
    {
        WriteBackUpAndWriteOn();

        // In the way of the copy, as a full disk is.
        Directory.CreateDirectory($"{_directory.DatabaseFile}.unfinished");

        StoreException refused = Assert.Throws<StoreException>(() => JournalFile.In(_directory.Path).Restore(Backup, TimeProvider.System));

        Assert.Contains("the journal is as it was", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, Events(_directory.DatabaseFile));
        Assert.Empty(Directory.GetFiles(_directory.Path, "*before-restore*"));
    }

    [Theory]
    [InlineData("coordinator.db")]
    [InlineData("link.db")]
    public void Restore_FromTheJournalItself_IsRefused(string file)
    {
        using (SqliteConnection coordinator = OpenJournal())
        {
            Write(coordinator, "vm-web-1", 1);
        }

        SqliteConnection.ClearAllPools();
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "link.db"), _directory.DatabaseFile);

        StoreException refused = Assert.Throws<StoreException>(() => JournalFile.In(_directory.Path).Restore(Path.Combine(_directory.Path, file), TimeProvider.System));

        Assert.Contains("is the journal itself", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, Events(_directory.DatabaseFile));
    }

    [Fact]
    public void DamagedBackup_IsRefusedAndNothingIsTouched()
    {
        OpenJournal().Dispose();
        File.WriteAllBytes(Backup, [.. "SQLite format 3\0"u8, .. new byte[4096]]);

        Assert.Throws<StoreException>(() => JournalFile.In(_directory.Path).Restore(Backup, TimeProvider.System));

        Assert.Equal(0, Events(_directory.DatabaseFile));
    }

    private SqliteConnection OpenJournal()
    {
        SqliteStore store = new(_directory.DatabaseFile);
        store.CreateAndVerify(shardCount: 20);
        return (SqliteConnection)store.Open();
    }

    private static void Write(SqliteConnection connection, string id, int sequence)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "INSERT INTO journal (created, deleted, persistence_id, sequence_number, message) VALUES (@created, 0, @id, @sequence, x'00')";
        command.Parameters.AddWithValue("@created", new DateTime(2026, 11, 23, 4, 5, 6, DateTimeKind.Utc).Ticks);
        command.Parameters.AddWithValue("@id", id);
        command.Parameters.AddWithValue("@sequence", sequence);
        command.ExecuteNonQuery();
    }

    /// <summary>One event in the backup, two in the journal, and no coordinator at work.</summary>
    private void WriteBackUpAndWriteOn()
    {
        using (SqliteConnection coordinator = OpenJournal())
        {
            Write(coordinator, "vm-web-1", 1);
            JournalFile.In(_directory.Path).BackUp(Backup);
            Write(coordinator, "vm-web-1", 2);
        }

        SqliteConnection.ClearAllPools();
    }

    private static long Events(string file)
    {
        using SqliteConnection connection = new($"Data Source={file};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM journal";
        return (long)command.ExecuteScalar()!;
    }
}
