using Coordinator.Actors.Platform;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace Coordinator.Actors.Tests.Platform;

public sealed class SqliteStoreTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Store_CreatedByManyAtOnceAndAgain_IsTheSame()
    {
        Parallel.For(0, 6, _ => NewStore().CreateAndVerify(shardCount: 20));
        NewStore().CreateAndVerify(shardCount: 20);
        Assert.Equal(9L, Scalar("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"));
    }

    [Fact]
    public void Store_ConnectionsOfThePlugin_CarryOurPragmas()
    {
        var store = NewStore();
        store.CreateAndVerify(shardCount: 20);
        for (var opening = 0; opening < 3; opening++)
        {
            using var connection = new DataConnection(store.DataOptions);
            Assert.Equal("wal", connection.Execute<string>("PRAGMA journal_mode"));
            Assert.Equal(2L, connection.Execute<long>("PRAGMA synchronous"));
            Assert.Equal(SqliteStore.BusyTimeoutMs, connection.Execute<long>("PRAGMA busy_timeout"));
        }
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("sharding_journal")]
    public void Store_UniqueIndexOfAnotherShape_IsRefused(string journal)
    {
        NewStore().CreateAndVerify(shardCount: 20);
        Execute($"DROP INDEX {journal}_one_writer; CREATE INDEX {journal}_one_writer ON {journal} (persistence_id, sequence_number)");
        var refusal = Assert.Throws<StoreException>(() => NewStore().CreateAndVerify(shardCount: 20));
        Assert.Contains($"table {journal} has no UNIQUE index on (persistence_id, sequence_number)", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_UniqueIndexDropped_IsCreatedAgain()
    {
        NewStore().CreateAndVerify(shardCount: 20);
        Execute("DROP INDEX journal_one_writer");
        NewStore().CreateAndVerify(shardCount: 20);
        Insert("vm-1", 1);
        Assert.Throws<SqliteException>(() => Insert("vm-1", 1));
    }

    [Fact]
    public void Store_ForkedHistory_IsRefusedByName()
    {
        NewStore().CreateAndVerify(shardCount: 20);
        Execute("DROP INDEX journal_one_writer");
        Insert("vm-1", 1);
        Insert("vm-7", 3);
        Insert("vm-7", 3);
        var refusal = Assert.Throws<StoreException>(() => NewStore().CreateAndVerify(shardCount: 20));
        Assert.Contains("vm-7 at 3", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_AnotherShardCount_IsRefused()
    {
        NewStore().CreateAndVerify(shardCount: 20);
        var refusal = Assert.Throws<StoreException>(() => NewStore().CreateAndVerify(shardCount: 21));
        Assert.Contains("vm-shard-count = 20; this node is configured with 21", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_FileThatIsNoDatabase_IsRefused()
    {
        File.WriteAllText(directory.DatabaseFile, new string('x', 10_000));
        var refusal = Assert.Throws<StoreException>(() => NewStore().CreateAndVerify(shardCount: 20));
        Assert.Contains(directory.DatabaseFile, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_DirectoryThatCannotBe_IsRefused()
    {
        File.WriteAllText(Path.Combine(directory.Path, "file"), "");
        var store = new SqliteStore(Path.Combine(directory.Path, "file", "coordinator.db"));
        var refusal = Assert.Throws<StoreException>(() => store.CreateAndVerify(shardCount: 20));
        Assert.Contains("cannot be used", refusal.Message, StringComparison.Ordinal);
    }

    private SqliteStore NewStore() => new(directory.DatabaseFile);

    private void Insert(string persistenceId, long sequenceNumber) => Execute(
        $"INSERT INTO journal (created, deleted, persistence_id, sequence_number, message) VALUES (0, 0, '{persistenceId}', {sequenceNumber}, x'00')");

    private void Execute(string sql)
    {
        using var connection = NewStore().Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private object? Scalar(string sql)
    {
        using var connection = NewStore().Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
