using System.Data.Common;
using System.Globalization;
using Coordinator.Journal;

namespace Coordinator.Actors.Platform.Schema;

/// <summary>
/// Applies the scripts that are missing, each in a transaction of its own, and by one process at a time: whoever comes second finds it done. Own code: a migration library would bring its own ideas of
/// connections and locks, and none knows "an older binary may go on beside this".
/// </summary>
internal sealed class SchemaUpgrade(SqlStore store, DbConnection connection, IReadOnlyList<SchemaScript> scripts)
{
    /// <summary>A script may have to rewrite a large table; nobody waits for this but a node that cannot start without it.</summary>
    private const int ScriptTimeoutSeconds = 3_600;

    private const string VersionTable = """
        CREATE TABLE IF NOT EXISTS schema_version (
          number         INTEGER      NOT NULL PRIMARY KEY,
          name           VARCHAR(255) NOT NULL,
          checksum       VARCHAR(64)  NOT NULL,
          minimum_reader INTEGER      NOT NULL,
          applied_at_ms  BIGINT       NOT NULL,
          applied_by     VARCHAR(255) NOT NULL
        )
        """;

    private static readonly string[] Journals = ["journal", "sharding_journal"];

    /// <exception cref="StoreException">The database is of another making, or does not protect us.</exception>
    public void Run()
    {
        while (!IsUpToDate())
        {
        }

        foreach (var journal in Journals)
        {
            VerifyJournal(new SqlSession(connection), journal);
        }
    }

    /// <summary>One transaction: looks at what is there, and applies the next script if one is missing.</summary>
    private bool IsUpToDate()
    {
        using var transaction = store.BeginAlone(connection);
        var session = new SqlSession(connection, transaction, ScriptTimeoutSeconds);
        var isNew = !store.HasTable(session, "schema_version");
        if (isNew)
        {
            if (store.HasTimeBeforeVersions)
            {
                RefuseForkedHistories(session);
            }

            session.Execute(VersionTable);
        }

        var applied = session.Rows(
            "SELECT number, name, checksum, minimum_reader FROM schema_version ORDER BY number",
            row => new Applied(row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetInt32(3)));
        Verify(applied);
        if (applied.Count >= scripts.Count)
        {
            return true;
        }

        Apply(session, scripts[applied.Count]);
        transaction.Commit();
        return applied.Count + 1 == scripts.Count;
    }

    private void Apply(SqlSession session, SchemaScript script)
    {
        try
        {
            session.Execute(script.Sql);
        }
        catch (DbException e)
        {
            throw new StoreException($"{store.Description}: schema script {script.Number} ({script.Name}) failed and was taken back: {e.Message}. "
                + "The database belongs to the coordinators alone: give them an empty one, and a user who may create tables.", e);
        }

        session.Execute(
            $"INSERT INTO schema_version (number, name, checksum, minimum_reader, applied_at_ms, applied_by) VALUES (@number, @name, @checksum, @reader, {store.NowMsSql}, @by)",
            ("@number", script.Number), ("@name", script.Name), ("@checksum", script.Checksum), ("@reader", script.MinimumReader), ("@by", Binary));
    }

    private void Verify(List<Applied> applied)
    {
        foreach (var (done, number) in applied.Select((done, index) => (done, index + 1)))
        {
            if (done.Number != number)
            {
                throw new StoreException($"{store.Description}: schema script {number} is not recorded as applied, but {done.Number} is. Restore table schema_version from a backup.");
            }

            if (number <= scripts.Count && scripts[number - 1].Checksum != done.Checksum)
            {
                throw new StoreException($"{store.Description}: schema script {number} ({done.Name}) was applied with other contents (checksum {done.Checksum[..Math.Min(12, done.Checksum.Length)]}) than "
                    + $"this binary has ({scripts[number - 1].Checksum[..12]}). It was set up by another make of the coordinator; use that, or a new database.");
            }
        }

        var needed = applied.Skip(scripts.Count).Select(newer => newer.MinimumReader).DefaultIfEmpty(0).Max();
        if (needed > scripts.Count)
        {
            throw new StoreException(string.Create(CultureInfo.InvariantCulture, $"{store.Description} has schema version {applied.Count}, which needs a coordinator that knows version {needed}; ")
                + $"this one ({Binary}) knows version {scripts.Count}. Start a newer coordinator.");
        }
    }

    private void VerifyJournal(SqlSession session, string journal)
    {
        if (store.HasUniqueEvents(session, journal))
        {
            return;
        }

        RefuseDuplicates(session, journal);
        throw new StoreException($"{store.Description}: table {journal} has no UNIQUE index on (persistence_id, sequence_number). "
            + "Without it a stale coordinator could record events behind the back of the live one. With every coordinator stopped: "
            + $"CREATE UNIQUE INDEX ON that table, dropping one of another shape that is in the way ({journal}_one_writer is its name in the schema).");
    }

    // Tables of the time before versions: a unique index cannot be created over duplicates, and the database's own message would not say whose history is forked.
    private void RefuseForkedHistories(SqlSession session)
    {
        foreach (var journal in Journals.Where(journal => store.HasTable(session, journal) && !store.HasUniqueEvents(session, journal)))
        {
            RefuseDuplicates(session, journal);
        }
    }

    private void RefuseDuplicates(SqlSession session, string table)
    {
        var forked = session.Rows(
            $"SELECT persistence_id, sequence_number FROM {table} GROUP BY persistence_id, sequence_number HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 5",
            row => string.Create(CultureInfo.InvariantCulture, $"{row.GetString(0)} at {row.GetInt64(1)}"));
        if (forked.Count > 0)
        {
            throw new StoreException($"{store.Description}: table {table} holds two events for the same place: {string.Join(", ", forked)}. "
                + "Two coordinators wrote at once while it had no UNIQUE index; which of them is true must be decided by a person.");
        }
    }

    private static string Binary => $"coordinator-server {typeof(SchemaUpgrade).Assembly.GetName().Version?.ToString(3)}";

    private sealed record Applied(int Number, string Name, string Checksum, int MinimumReader);
}
