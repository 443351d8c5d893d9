using System.Data.Common;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Platform.Schema;
using Coordinator.Journal;
using Coordinator.PostgresLab;

namespace Coordinator.Actors.Tests.Platform;

public sealed class SqliteSchemaTests() : SqlStoreTests(new SqliteTestDatabase())
{
    /// <summary>What was there before versions: the tables of the first script, and nothing that says so.</summary>
    [Fact]
    public void Store_FileOfTheTimeBeforeVersions_IsTakenOverAsVersionOne()
    {
        WithoutVersions();
        Database.Execute("INSERT INTO lease VALUES ('old', 'o', 3, 4)");
        Insert("vm-1", 1);

        Database.NewVerifiedStore();

        Assert.Equal(1L, Database.Scalar("SELECT min(number) FROM schema_version"));
        Assert.Equal(3L, Database.Scalar("SELECT version FROM lease WHERE name = 'old'"));
        Assert.Equal(1L, Database.Scalar("SELECT count(*) FROM journal"));
    }

    [Fact]
    public void Store_FileOfTheTimeBeforeVersionsWithoutItsIndex_GetsIt()
    {
        WithoutVersions();
        Database.Execute("DROP INDEX journal_one_writer");
        Database.NewVerifiedStore();
        Insert("vm-1", 1);
        Assert.ThrowsAny<DbException>(() => Insert("vm-1", 1));
    }

    [Fact]
    public void Store_ForkedFileOfTheTimeBeforeVersions_IsRefusedByName()
    {
        WithoutVersions();
        Database.Execute("DROP INDEX journal_one_writer");
        Insert("vm-7", 3);
        Insert("vm-7", 3);
        Assert.Contains("vm-7 at 3", Refusal().Message, StringComparison.Ordinal);
        Assert.Null(Database.Scalar("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'"));
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("sharding_journal")]
    public void Store_UniqueIndexOfAnotherShape_IsRefused(string journal)
    {
        Database.NewVerifiedStore();
        Database.Execute($"DROP INDEX {journal}_one_writer; CREATE INDEX {journal}_one_writer ON {journal} (persistence_id, sequence_number)");
        Assert.Contains($"table {journal} has no UNIQUE index on (persistence_id, sequence_number)", Refusal().Message, StringComparison.Ordinal);
    }

    private protected override void DropUniqueness(string journal) => Database.Execute($"DROP INDEX {journal}_one_writer");

    private void WithoutVersions()
    {
        using var connection = Database.NewStore().Open();
        new SqlSession(connection).Execute("PRAGMA journal_mode=WAL");
        new SqlSession(connection).Execute(SchemaScript.Shipped("sqlite")[0].Sql);
    }
}

public sealed class PostgresSchemaTests(ThrowawayPostgres server) : SqlStoreTests(new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>
{
    [Theory]
    [InlineData("UNIQUE (sequence_number, persistence_id)", false)]
    [InlineData("UNIQUE (persistence_id, sequence_number, ordering)", false)]
    [InlineData("UNIQUE (persistence_id, sequence_number) INCLUDE (ordering)", true)]
    public void Store_UniquenessOfAnotherShape_IsJudgedByWhatItGuards(string constraint, bool guards)
    {
        Database.NewVerifiedStore();
        DropUniqueness("journal");
        Database.Execute($"ALTER TABLE journal ADD CONSTRAINT journal_one_writer {constraint}");
        if (guards)
        {
            Database.NewVerifiedStore();
        }
        else
        {
            Refusal();
        }
    }

    [Fact]
    public void Store_UniquenessForSomeRowsOnly_IsRefused()
    {
        Database.NewVerifiedStore();
        DropUniqueness("journal");
        Database.Execute("CREATE UNIQUE INDEX journal_one_writer ON journal (persistence_id, sequence_number) WHERE NOT deleted");
        Assert.Contains("has no UNIQUE index", Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_DatabaseOfSomebodyElse_IsLeftAlone()
    {
        Database.Execute("CREATE TABLE journal (of_something INTEGER)");
        Assert.Contains("The database belongs to the coordinators alone", Refusal().Message, StringComparison.Ordinal);
        Assert.Null(Database.Scalar("SELECT 1 FROM pg_tables WHERE tablename IN ('schema_version', 'lease')"));
    }

    [Fact]
    public void Upgrade_IsNotCutOffWhereOtherTransactionsAre()
    {
        var store = Database.NewStore();
        using var connection = store.Open();
        using (var transaction = store.BeginAlone(connection))
        {
            Assert.Equal("1min", new SqlSession(connection, transaction).Scalar("SHOW idle_in_transaction_session_timeout"));
            transaction.Commit();
        }

        Assert.Equal("3s", new SqlSession(connection).Scalar("SHOW idle_in_transaction_session_timeout"));
    }

    [Theory]
    [InlineData("synchronous_commit")]
    public void Store_ServerThatForgets_IsRefused(string setting)
    {
        Database.Execute($"ALTER ROLE postgres IN DATABASE {Database.Scalar("SELECT current_database()")} SET {setting} = off");
        Npgsql.NpgsqlConnection.ClearAllPools();
        Assert.Contains($"{setting} is off", Refusal().Message, StringComparison.Ordinal);
    }

    private protected override void DropUniqueness(string journal) => Database.Execute($"ALTER TABLE {journal} DROP CONSTRAINT {journal}_one_writer");
}

/// <summary>The schema on either database.</summary>
public abstract class SqlStoreTests(TestDatabase database) : IDisposable
{
    private protected TestDatabase Database { get; } = database;

    private IReadOnlyList<SchemaScript> Shipped => SchemaScript.Shipped(Database.NewStore().Dialect);

    public void Dispose()
    {
        Database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Store_CreatedByManyAtOnceAndAgain_AppliesEveryScriptOnce()
    {
        Parallel.For(0, 6, _ => Database.NewVerifiedStore());
        Database.NewVerifiedStore();
        Assert.Equal((long)Shipped.Count, Database.Scalar("SELECT count(*) FROM schema_version"));
        Assert.Equal(Shipped[0].Checksum, Database.Scalar("SELECT checksum FROM schema_version WHERE number = 1"));
    }

    [Theory]
    [InlineData("journal")]
    [InlineData("sharding_journal")]
    public void Store_WithoutUniqueness_IsRefused(string journal)
    {
        Database.NewVerifiedStore();
        DropUniqueness(journal);
        Assert.Contains($"table {journal} has no UNIQUE index on (persistence_id, sequence_number)", Refusal().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_ForkedHistory_IsRefusedByName()
    {
        Database.NewVerifiedStore();
        DropUniqueness("journal");
        Insert("vm-1", 1);
        Insert("vm-7", 3);
        Insert("vm-7", 3);
        var refusal = Refusal().Message;
        Assert.Contains("vm-7 at 3", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("vm-1", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_AnotherShardCount_IsRefused()
    {
        Database.NewVerifiedStore(shardCount: 20);
        Assert.Contains("vm-shard-count = 20; this node is configured with 21", Refusal(shardCount: 21).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_ScriptWithOtherContents_IsRefused()
    {
        Database.NewVerifiedStore();
        var changed = Shipped[0] with { Sql = Shipped[0].Sql + "-- changed\n" };
        var refusal = Assert.Throws<StoreException>(() => Database.NewStore().CreateAndVerify(20, [changed, .. Shipped.Skip(1)]));
        Assert.Contains("schema script 1 (journals-lease-hold) was applied with other contents", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_NewerScript_IsAppliedOnceAndTheOlderBinaryGoesOn()
    {
        Database.NewVerifiedStore();
        var next = Next("CREATE TABLE added (a INTEGER)", minimumReader: 1);
        Parallel.For(0, 4, _ => Database.NewStore().CreateAndVerify(20, [.. Shipped, next]));
        Assert.Equal(0L, Database.Scalar("SELECT count(*) FROM added"));

        // The older binary, in a rolling upgrade.
        Database.NewVerifiedStore();
    }

    [Fact]
    public void Store_NewerScriptThatOlderBinariesCannotReadUnder_IsRefusedByThem()
    {
        Database.NewStore().CreateAndVerify(20, [.. Shipped, Next("CREATE TABLE added (a INTEGER)", minimumReader: Shipped.Count + 1)]);
        var refusal = Refusal().Message;
        Assert.Contains($"has schema version {Shipped.Count + 1}, which needs a coordinator that knows version {Shipped.Count + 1}", refusal, StringComparison.Ordinal);
        Assert.Contains($"knows version {Shipped.Count}.", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_ScriptThatFailsHalfWay_LeavesNothing()
    {
        Database.NewVerifiedStore();
        var broken = Next("CREATE TABLE half (a INTEGER); INSERT INTO nowhere VALUES (1)", minimumReader: 1);
        var refusal = Assert.Throws<StoreException>(() => Database.NewStore().CreateAndVerify(20, [.. Shipped, broken]));
        Assert.Contains($"schema script {broken.Number} (next) failed and was taken back", refusal.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<DbException>(() => Database.Scalar("SELECT 1 FROM half"));
        Database.NewVerifiedStore();
    }

    [Fact]
    public void Store_VersionThatIsMissing_IsRefused()
    {
        Database.NewVerifiedStore();
        Database.Execute("UPDATE schema_version SET number = number + 1 WHERE number = (SELECT max(number) FROM schema_version)");
        Assert.Contains("is not recorded as applied", Refusal().Message, StringComparison.Ordinal);
    }

    private protected abstract void DropUniqueness(string journal);

    private protected StoreException Refusal(int shardCount = 20) => Assert.Throws<StoreException>(() => Database.NewStore().CreateAndVerify(shardCount));

    private protected void Insert(string persistenceId, long sequenceNumber) => Database.Execute(
        $"INSERT INTO journal (created, deleted, persistence_id, sequence_number, message) VALUES (0, false, '{persistenceId}', {sequenceNumber}, '')");

    private SchemaScript Next(string sql, int minimumReader) => new(Shipped.Count + 1, "next", minimumReader, sql);
}
