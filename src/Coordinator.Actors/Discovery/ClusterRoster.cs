using Coordinator.Actors.Platform;
using Coordinator.Journal;

namespace Coordinator.Actors.Discovery;

/// <summary>One coordinator process as the database knows it.</summary>
/// <param name="Address"><c>host:port</c> of its cluster address.</param>
/// <param name="Incarnation">Of the process.</param>
/// <param name="SilentMs">Since it was seen, by the database's clock.</param>
/// <param name="IsMember">In a cluster, or about to found one.</param>
/// <param name="Generation">Of its cluster; 0 before it is a member.</param>
internal sealed record RosterNode(string Address, string Incarnation, long SilentMs, bool IsMember, long Generation);

/// <param name="Generation">Foundings on this database so far.</param>
/// <param name="Nodes">By address.</param>
internal sealed record Roster(long Generation, IReadOnlyList<RosterNode> Nodes);

/// <summary>The rows by which nodes find each other. Blocking calls; the statements are the common part of SQLite and PostgreSQL.</summary>
internal sealed class ClusterRoster(SqlStore store)
{
    private const string Cluster = "coordinator";

    /// <summary>Replaces a predecessor on the same address.</summary>
    public void Register(string address, string incarnation)
    {
        using var connection = store.OpenForMembership();
        new SqlSession(connection).Execute(
            $"""
            INSERT INTO cluster_node (address, incarnation, seen_at_ms, is_member, generation) VALUES (@address, @incarnation, {store.NowMsSql}, 0, 0)
            ON CONFLICT (address) DO UPDATE SET incarnation = excluded.incarnation, seen_at_ms = excluded.seen_at_ms, is_member = 0, generation = 0
            """,
            ("@address", address), ("@incarnation", incarnation));
    }

    /// <returns>False when the row is gone or another process's.</returns>
    public bool Refresh(string address, string incarnation)
    {
        using var connection = store.OpenForMembership();
        return new SqlSession(connection).Execute(
            $"UPDATE cluster_node SET seen_at_ms = {store.NowMsSql} WHERE address = @address AND incarnation = @incarnation",
            ("@address", address), ("@incarnation", incarnation)) == 1;
    }

    public Roster Read()
    {
        using var connection = store.OpenForMembership();
        var session = new SqlSession(connection);
        var generation = Convert.ToInt64(session.Scalar("SELECT generation FROM cluster_founding WHERE name = @name", ("@name", Cluster)), System.Globalization.CultureInfo.InvariantCulture);
        return new Roster(
            generation,
            session.Rows(
                $"SELECT address, incarnation, {store.NowMsSql} - seen_at_ms, is_member, generation FROM cluster_node ORDER BY address",
                row => new RosterNode(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt32(3) != 0, row.GetInt64(4))));
    }

    /// <summary>
    /// The right to found a cluster: given to one of all that saw the same generation, and only while no other member was seen lately. With the right the node counts as a member, so that others join
    /// it; if it dies before it has founded, its row grows old like any other.
    /// </summary>
    /// <returns>The new generation; null when another node was faster, or a member is there.</returns>
    public long? TryFound(string address, string incarnation, long seenGeneration, TimeSpan silentAfter)
    {
        using var connection = store.OpenForMembership();
        using var transaction = connection.BeginTransaction();
        var session = new SqlSession(connection, transaction);
        var isFirst = session.Execute(
            $"""
            UPDATE cluster_founding SET generation = generation + 1, founder = @address, at_ms = {store.NowMsSql}
            WHERE name = @name AND generation = @seen AND NOT EXISTS (
              SELECT 1 FROM cluster_node WHERE is_member = 1 AND incarnation <> @incarnation AND seen_at_ms > {store.NowMsSql} - @silent)
            """,
            ("@address", address), ("@name", Cluster), ("@seen", seenGeneration), ("@incarnation", incarnation), ("@silent", (long)silentAfter.TotalMilliseconds)) == 1;
        if (!isFirst || !SetMember(session, address, incarnation, seenGeneration + 1))
        {
            return null;
        }

        transaction.Commit();
        return seenGeneration + 1;
    }

    /// <returns>False when the row is gone or another process's.</returns>
    public bool SetMember(string address, string incarnation, long generation)
    {
        using var connection = store.OpenForMembership();
        return SetMember(new SqlSession(connection), address, incarnation, generation);
    }

    public void Remove(string address, string incarnation)
    {
        using var connection = store.OpenForMembership();
        new SqlSession(connection).Execute(
            "DELETE FROM cluster_node WHERE address = @address AND incarnation = @incarnation", ("@address", address), ("@incarnation", incarnation));
    }

    private bool SetMember(SqlSession session, string address, string incarnation, long generation) => session.Execute(
        $"UPDATE cluster_node SET is_member = 1, generation = @generation, seen_at_ms = {store.NowMsSql} WHERE address = @address AND incarnation = @incarnation",
        ("@generation", generation), ("@address", address), ("@incarnation", incarnation)) == 1;
}
