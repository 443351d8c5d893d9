using System.Data.Common;
using Akka.Actor.Setup;
using LinqToDB;

namespace Coordinator.Actors.Platform;

/// <summary>
/// The database of the coordinators: where it is and the few words in which SQLite and PostgreSQL differ. Statements elsewhere use only what both know
/// (<c>INSERT ... ON CONFLICT ... DO UPDATE ... WHERE ... RETURNING</c>, named parameters).
/// </summary>
public abstract class SqlStore
{
    /// <summary>For messages: where the data is, without credentials.</summary>
    public abstract string Description { get; }

    /// <summary>SQL for "now" by the clock of the database, in whole milliseconds since 1970. Nodes' clocks differ, so leases are never judged by
    /// them.</summary>
    public abstract string NowMsSql { get; }

    /// <summary>What Akka.Persistence.Sql opens its connections with.</summary>
    public abstract DataOptions DataOptions { get; }

    /// <summary>An open connection that the caller disposes of.</summary>
    public abstract DbConnection Open();

    /// <summary>
    /// Creates what is missing and proves that what is there protects us. Safe to run from several processes at once and at every start.
    /// </summary>
    /// <param name="shardCount">Stored at the first start; another number later is refused, because entities would be looked for in other shards.</param>
    /// <exception cref="StoreException">The database cannot be used. The text says why and what to do.</exception>
    public abstract void CreateAndVerify(int shardCount);
}

/// <summary>Hands the store to parts that Akka creates by name, such as the lease.</summary>
public sealed class SqlStoreSetup(SqlStore store) : Setup
{
    public SqlStore Store { get; } = store;
}

/// <summary>The database cannot be used as it is; nothing was started.</summary>
public sealed class StoreException(string message, Exception? cause = null) : Exception(message, cause);
