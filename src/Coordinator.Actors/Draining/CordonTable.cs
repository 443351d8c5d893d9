using System.Collections.Immutable;
using System.Globalization;
using Coordinator.Actors.Platform;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Coordinator.Journal;

namespace Coordinator.Actors.Draining;

/// <summary>The rows behind the cordons; a table for the reasons of the fleet's hold: any node that reaches the database can write it, whatever else is broken.</summary>
internal sealed class CordonTable(SqlStore store)
{
    public CordonState Read()
    {
        using var connection = store.Open();
        SqlSession session = new(connection);

        // In one statement, so that the version is that of these rows.
        List<(long Version, bool Cordoned, HostCordon Cordon)> newest = session.Rows(
            "SELECT version, cordoned, host, by_whom, reason, at_ms FROM host_cordon c WHERE version = (SELECT max(version) FROM host_cordon o WHERE o.host = c.host)",
            row => (row.GetInt64(0), row.GetInt32(1) != 0, new HostCordon(new HostName(row.GetString(2)), row.GetString(3), row.GetString(4), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)))));
        return newest.Count == 0
            ? CordonState.None
            : new CordonState(newest.Max(n => n.Version), newest.Where(n => n.Cordoned).ToImmutableDictionary(n => n.Cordon.Host, n => n.Cordon));
    }

    /// <summary>What is so already is recorded too: its repetition must not undo what somebody has done since.</summary>
    /// <returns>False when the request was carried out before, or another node was faster.</returns>
    public bool TrySet(RequestId request, HostName host, bool cordoned, SignedWord word)
    {
        using var connection = store.Open();
        return new SqlSession(connection).Execute(
            $"""
            INSERT INTO host_cordon (version, host, cordoned, by_whom, reason, at_ms, request_id)
            SELECT coalesce(max(version), 0) + 1, @host, @cordoned, @by, @reason, {store.NowMsSql}, @request FROM host_cordon WHERE true
            ON CONFLICT DO NOTHING
            """,
            ("@host", host.Value), ("@cordoned", cordoned ? 1 : 0), ("@by", word.By), ("@reason", word.Proof), ("@request", request.Value)) == 1;
    }

    /// <returns>The host and wish of a request that was carried out; null if it was not.</returns>
    public (HostName Host, bool Cordoned)? Made(RequestId request)
    {
        using var connection = store.Open();
        List<(HostName, bool)> rows = new SqlSession(connection).Rows(
            "SELECT host, cordoned FROM host_cordon WHERE request_id = @request",
            row => (new HostName(row.GetString(0)), Convert.ToInt64(row.GetValue(1), CultureInfo.InvariantCulture) != 0),
            ("@request", request.Value));
        return rows.Count == 0 ? null : rows[0];
    }
}
