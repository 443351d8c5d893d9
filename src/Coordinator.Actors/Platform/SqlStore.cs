using System.Data.Common;
using System.Globalization;
using Akka.Actor.Setup;
using Coordinator.Actors.Platform.Schema;
using Coordinator.Journal;
using LinqToDB;

namespace Coordinator.Actors.Platform;

/// <summary>
/// The database of the coordinators: where it is and the few words in which SQLite and PostgreSQL differ. Statements elsewhere use only what both know
/// (<c>INSERT ... ON CONFLICT ... DO UPDATE ... WHERE ... RETURNING</c>, named parameters).
/// </summary>
public abstract class SqlStore : JournalDatabase
{
    /// <summary>For messages: where the data is, without credentials.</summary>
    public abstract string Description { get; }

    /// <summary>HOCON file that a node on this database starts from, unless it is told another one: the profile follows from the database.</summary>
    public abstract string ProfileFile { get; }

    /// <summary>What Akka.Persistence.Sql opens its connections with.</summary>
    public abstract DataOptions DataOptions { get; }

    /// <summary>Folder of the schema's scripts.</summary>
    internal abstract string Dialect { get; }

    /// <summary>Tables may be there without a record of the scripts that made them, and are taken over.</summary>
    internal virtual bool HasTimeBeforeVersions => false;

    /// <summary>The same for the lease and the list of nodes: nothing else keeps it waiting.</summary>
    public virtual DbConnection OpenForMembership() => Open();

    /// <summary>
    /// Brings the schema up to date and proves that what is there protects us. Safe to run from several processes at once and at every start.
    /// </summary>
    /// <param name="shardCount">Stored at the first start; another number later is refused, because entities would be looked for in other shards.</param>
    /// <exception cref="StoreException">The database cannot be used. The text says why and what to do.</exception>
    public void CreateAndVerify(int shardCount) => CreateAndVerify(shardCount, SchemaScript.Shipped(Dialect));

    internal void CreateAndVerify(int shardCount, IReadOnlyList<SchemaScript> scripts)
    {
        try
        {
            Prepare();
            using var connection = Open();
            VerifyServer(connection);
            new SchemaUpgrade(this, connection, scripts).Run();
            VerifyChoice(connection, "vm-shard-count", shardCount.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is DbException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw new StoreException($"{Description} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>What must be there before a connection can be opened.</summary>
    internal virtual void Prepare()
    {
    }

    /// <summary>Proves that the server keeps what it acknowledges.</summary>
    /// <exception cref="StoreException">It does not.</exception>
    internal abstract void VerifyServer(DbConnection connection);

    /// <summary>A transaction that no other process's one of the same kind is beside.</summary>
    internal abstract DbTransaction BeginAlone(DbConnection connection);

    internal abstract bool HasTable(SqlSession session, string table);

    /// <summary>On exactly (persistence_id, sequence_number) and without a condition.</summary>
    internal abstract bool HasUniqueEvents(SqlSession session, string table);

    private void VerifyChoice(DbConnection connection, string name, string value)
    {
        var session = new SqlSession(connection);
        session.Execute("INSERT INTO platform_choice (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING", ("@name", name), ("@value", value));
        var chosen = (string)session.Scalar("SELECT value FROM platform_choice WHERE name = @name", ("@name", name))!;
        if (chosen != value)
        {
            throw new StoreException($"{Description} was set up with {name} = {chosen}; this node is configured with {value}. "
                + $"It may not change during the life of the data: set it back to {chosen}.");
        }
    }
}

/// <summary>Hands the store to parts that Akka creates by name, such as the lease.</summary>
public sealed class SqlStoreSetup(SqlStore store) : Setup
{
    public SqlStore Store { get; } = store;
}

/// <summary>The database cannot be used as it is; nothing was started.</summary>
public sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause);
