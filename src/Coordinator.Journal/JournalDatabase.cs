using System.Data.Common;

namespace Coordinator.Journal;

/// <summary>The database that the journal is in, for tables beside it.</summary>
public abstract class JournalDatabase
{
    /// <summary>SQL for "now" by the clock of the database, in whole milliseconds since 1970. Nodes' clocks differ, so leases are never judged by
    /// them.</summary>
    public abstract string NowMsSql { get; }

    /// <summary>An open connection that the caller disposes of.</summary>
    public abstract DbConnection Open();
}
