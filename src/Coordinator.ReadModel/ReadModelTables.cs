using System.Data.Common;
using System.Globalization;
using Coordinator.Journal;

namespace Coordinator.ReadModel;

/// <summary>How far the tables are.</summary>
/// <param name="Ordering">Every event up to it is in the rows.</param>
/// <param name="FoldVersion">That the rows were made with.</param>
/// <param name="Rebuilds">Grows when somebody begins anew.</param>
public sealed record ProjectionPlace(long Ordering, int FoldVersion, long Rebuilds);

/// <summary>The tables that lists are read from. Blocking calls; the statements are the common part of SQLite and PostgreSQL.</summary>
public sealed class ReadModelTables(JournalDatabase database)
{
    private const string Projection = "vms";

    public ProjectionPlace Place()
    {
        using var connection = database.Open();
        return new SqlSession(connection).Rows(
            "SELECT ordering, fold_version, rebuilds FROM projection WHERE name = @name",
            row => new ProjectionPlace(row.GetInt64(0), row.GetInt32(1), row.GetInt64(2)),
            ("@name", Projection)).Single();
    }

    /// <summary>Begins anew: with other folds, the rows stay until they are made again, so that lists stay whole; by a person's wish they are removed.</summary>
    public void BeginAnew(int foldVersion, bool removeRows)
    {
        using var connection = database.Open();
        using var transaction = connection.BeginTransaction();
        var session = new SqlSession(connection, transaction);
        if (removeRows)
        {
            session.Execute("DELETE FROM vm_row");
            session.Execute("DELETE FROM migration_row");
        }

        session.Execute(
            $"UPDATE projection SET ordering = 0, fold_version = @version, rebuilds = rebuilds + 1, updated_at_ms = {database.NowMsSql} WHERE name = @name",
            ("@version", foldVersion), ("@name", Projection));
        transaction.Commit();
    }

    /// <summary>Rows and place in one transaction.</summary>
    /// <returns>False, and nothing is changed, when somebody else has moved the place since: another node projects, or the tables are begun anew.</returns>
    public bool TryAdvance(ProjectionPlace from, long to, IReadOnlyCollection<VmRows> rows)
    {
        using var connection = database.Open();
        using var transaction = connection.BeginTransaction();
        var session = new SqlSession(connection, transaction);
        foreach (var row in rows)
        {
            Upsert(session, row.Vm, from.FoldVersion);
            foreach (var migration in row.Migrations)
            {
                Upsert(session, migration, from.FoldVersion);
            }
        }

        var isOurs = session.Execute(
            $"""
            UPDATE projection SET ordering = @to, updated_at_ms = {database.NowMsSql}
            WHERE name = @name AND ordering = @from AND fold_version = @version AND rebuilds = @rebuilds
            """,
            ("@to", to), ("@name", Projection), ("@from", from.Ordering), ("@version", from.FoldVersion), ("@rebuilds", from.Rebuilds)) == 1;
        if (isOurs)
        {
            transaction.Commit();
        }

        return isOurs;
    }

    /// <summary>VMs with events among the last ones before a place that their rows do not have: they were committed after the place had passed them.</summary>
    internal IReadOnlyList<string> Behind(long ordering, int lookBack)
    {
        using var connection = database.Open();
        return new SqlSession(connection).Rows(
            """
            SELECT j.persistence_id FROM journal j LEFT JOIN vm_row r ON r.persistence_id = j.persistence_id
            WHERE j.ordering > @from AND j.ordering <= @to
            GROUP BY j.persistence_id HAVING max(j.sequence_number) > coalesce(max(r.sequence), 0)
            """,
            row => row.GetString(0),
            ("@from", ordering - lookBack), ("@to", ordering));
    }

    private static void Upsert(SqlSession session, VmRow row, int foldVersion) => session.Execute(
        """
        INSERT INTO vm_row (persistence_id, vm, sequence, fold_version, residence, host, is_outstanding, changed_at_us, view)
        VALUES (@id, @vm, @sequence, @version, @residence, @host, @outstanding, @changed, @view)
        ON CONFLICT (persistence_id) DO UPDATE SET sequence = excluded.sequence, fold_version = excluded.fold_version, residence = excluded.residence, host = excluded.host,
          is_outstanding = excluded.is_outstanding, changed_at_us = excluded.changed_at_us, view = excluded.view
        WHERE vm_row.sequence < excluded.sequence OR vm_row.fold_version <> excluded.fold_version
        """,
        ("@id", VmPersistence.IdOf(row.Vm)), ("@vm", row.Vm.Value), ("@sequence", row.Sequence), ("@version", foldVersion), ("@residence", row.Residence), ("@host", row.Host),
        ("@outstanding", row.IsOutstanding ? 1 : 0), ("@changed", Micros(row.ChangedAt)), ("@view", row.View));

    private static void Upsert(SqlSession session, MigrationRow row, int foldVersion) => session.Execute(
        $"""
        INSERT INTO migration_row (id, vm, sequence, fold_version, phase, is_terminal, source_host, destination_host, priority, requested_at_us, ended_at_us, view)
        VALUES (@id, @vm, @sequence, @version, @phase, @terminal, @source, @destination, @priority, @requested, {(row.EndedAt is null ? "NULL" : "@ended")}, @view)
        ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, fold_version = excluded.fold_version, phase = excluded.phase, is_terminal = excluded.is_terminal,
          ended_at_us = excluded.ended_at_us, view = excluded.view
        WHERE migration_row.sequence < excluded.sequence OR migration_row.fold_version <> excluded.fold_version
        """,
        ("@id", row.Id), ("@vm", row.Vm.Value), ("@sequence", row.Sequence), ("@version", foldVersion), ("@phase", row.Phase), ("@terminal", row.IsTerminal ? 1 : 0),
        ("@source", row.SourceHost), ("@destination", row.DestinationHost), ("@priority", row.Priority), ("@requested", Micros(row.RequestedAt)), ("@ended", row.EndedAt is { } ended ? Micros(ended) : 0L),
        ("@view", row.View));

    internal static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>For queries: an integer of either database.</summary>
    internal static long Number(DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);
}
