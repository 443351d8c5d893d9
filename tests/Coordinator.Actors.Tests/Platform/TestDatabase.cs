using Coordinator.Actors.Platform;
using Coordinator.Journal;
using Coordinator.PostgresLab;

namespace Coordinator.Actors.Tests.Platform;

/// <summary>An empty database for one test, of either kind.</summary>
public abstract class TestDatabase : IDisposable
{
    /// <summary>As the probe processes are told it.</summary>
    public abstract string Address { get; }

    /// <summary>Another store on the same database, as another process has it.</summary>
    public abstract SqlStore NewStore();

    /// <summary>Until it is disposed of, nobody else can use the table.</summary>
    public abstract IDisposable Block(string table);

    public abstract void Dispose();

    internal SqlStore NewVerifiedStore(int shardCount = 20)
    {
        var store = NewStore();
        store.CreateAndVerify(shardCount);
        return store;
    }

    internal int Execute(string sql)
    {
        using var connection = NewStore().Open();
        return new SqlSession(connection).Execute(sql);
    }

    internal object? Scalar(string sql)
    {
        using var connection = NewStore().Open();
        return new SqlSession(connection).Scalar(sql);
    }

    private protected sealed class Transaction(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction) : IDisposable
    {
        public void Dispose()
        {
            transaction.Dispose();
            connection.Dispose();
        }
    }
}

public sealed class SqliteTestDatabase : TestDatabase
{
    private readonly TemporaryDirectory directory = new();

    public override string Address => directory.DatabaseFile;

    public override SqlStore NewStore() => new SqliteStore(directory.DatabaseFile);

    public override IDisposable Block(string table)
    {
        var connection = NewStore().Open();
        return new Transaction(connection, connection.BeginTransaction());
    }

    public override void Dispose() => directory.Dispose();
}

public sealed class PostgresTestDatabase(ThrowawayPostgres server) : TestDatabase
{
    private readonly string connectionString = server.NewDatabase();

    public override string Address => connectionString;

    public override SqlStore NewStore() => PostgresStore.Of(connectionString);

    public override IDisposable Block(string table)
    {
        var connection = NewStore().Open();
        var transaction = connection.BeginTransaction();
        new SqlSession(connection, transaction).Execute($"SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        return new Transaction(connection, transaction);
    }

    /// <summary>The server drops it with itself.</summary>
    public override void Dispose()
    {
    }
}
