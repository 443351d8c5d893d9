using Coordinator.Actors.Platform;
using LinqToDB.Data;

namespace Coordinator.Actors.Tests.Platform;

public sealed class SqliteStoreTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

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
}
