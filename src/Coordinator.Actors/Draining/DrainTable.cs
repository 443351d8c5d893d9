using System.Data.Common;
using Coordinator.Actors.Platform;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Coordinator.Journal;

namespace Coordinator.Actors.Draining;

/// <summary>Drains and what they tried. Every statement may be repeated, and by two nodes at once: what is there already stays.</summary>
internal sealed class DrainTable(SqlStore store)
{
    private const int LongestReason = 4_000;

    private const string Columns = "id, host, max_parallel, stop_on_failures, by_whom, reason, asked_at_ms, ended_at_ms, outcome, sentence";

    /// <summary>Records the drain and, unless the host is cordoned, the cordon that goes with it.</summary>
    /// <returns>The drain of this request, also of an earlier one with its id; or the one that keeps it from beginning.</returns>
    public (DrainRecord Drain, bool IsOfThisRequest) Begin(RequestId request, DrainJob job, SignedWord word)
    {
        using var connection = store.Open();
        using var transaction = connection.BeginTransaction();
        SqlSession session = new(connection, transaction);
        Guid id = Guid.NewGuid();
        bool isNew = session.Execute(
            $"""
            INSERT INTO drain (id, host, max_parallel, stop_on_failures, by_whom, reason, request_id, asked_at_ms)
            VALUES (@id, @host, @parallel, @failures, @by, @reason, @request, {store.NowMsSql}) ON CONFLICT DO NOTHING
            """,
            ("@id", id.ToString()), ("@host", job.Host.Value), ("@parallel", job.MaxParallel), ("@failures", job.StopOnFailures), ("@by", word.By), ("@reason", word.Proof),
            ("@request", request.Value)) == 1;
        if (isNew)
        {
            session.Execute(
                $"""
                INSERT INTO host_cordon (version, host, cordoned, by_whom, reason, at_ms, request_id)
                SELECT coalesce(max(version), 0) + 1, @host, 1, @by, @reason, {store.NowMsSql}, @request FROM host_cordon
                HAVING coalesce((SELECT cordoned FROM host_cordon WHERE host = @host ORDER BY version DESC LIMIT 1), 0) = 0
                """,
                ("@host", job.Host.Value), ("@by", word.By), ("@reason", word.Proof), ("@request", $"drain-{id:N}"));
        }

        List<DrainRecord> made = session.Rows($"SELECT {Columns} FROM drain WHERE request_id = @request", Drain, ("@request", request.Value));
        DrainRecord drain = made.Count > 0 ? made[0] : session.Rows($"SELECT {Columns} FROM drain WHERE host = @host AND ended_at_ms IS NULL", Drain, ("@host", job.Host.Value))[0];
        transaction.Commit();
        return (drain, made.Count > 0);
    }

    /// <summary>All that go on.</summary>
    public IReadOnlyList<DrainRecord> Open() => Read("ended_at_ms IS NULL ORDER BY asked_at_ms");

    /// <summary>Newest of a host; null if it never had one.</summary>
    public DrainRecord? Newest(HostName host) => Read("host = @host ORDER BY asked_at_ms DESC, id LIMIT 1", ("@host", host.Value)).FirstOrDefault();

    /// <returns>False if it has ended already.</returns>
    public bool End(Guid drain, DrainOutcome outcome, string sentence) => Execute(
        $"UPDATE drain SET ended_at_ms = {store.NowMsSql}, outcome = @outcome, sentence = @sentence WHERE id = @id AND ended_at_ms IS NULL",
        ("@id", drain.ToString()), ("@outcome", outcome.ToString()), ("@sentence", Short(sentence)));

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<DrainTry> Tries(Guid drain)
    {
        using var connection = store.Open();
        return new SqlSession(connection).Rows(
            "SELECT vm, number, destination, migration_id, ended_at_ms, outcome, verdict, blackout_us, reason FROM drain_try WHERE drain_id = @id ORDER BY asked_at_ms, vm, number",
            row => new DrainTry(
                new VmName(row.GetString(0)), row.GetInt32(1), new HostName(row.GetString(2)), Text(row, 3), Moment(row, 4), Text(row, 5) ?? "", Text(row, 6) ?? "",
                row.IsDBNull(7) ? null : row.GetInt64(7), Text(row, 8) ?? ""),
            ("@id", drain.ToString()));
    }

    /// <returns>False if there is one of this number: another node was faster.</returns>
    public bool AddTry(Guid drain, VmName vm, int number, HostName destination) => Execute(
        $"INSERT INTO drain_try (drain_id, vm, number, destination, asked_at_ms) VALUES (@id, @vm, @number, @destination, {store.NowMsSql}) ON CONFLICT DO NOTHING",
        ("@id", drain.ToString()), ("@vm", vm.Value), ("@number", number), ("@destination", destination.Value));

    public void NoteAccepted(Guid drain, DrainTry tried, string migration) => Execute(
        "UPDATE drain_try SET migration_id = @migration WHERE drain_id = @id AND vm = @vm AND number = @number",
        ("@id", drain.ToString()), ("@vm", tried.Vm.Value), ("@number", tried.Number), ("@migration", migration));

    /// <summary>As <paramref name="ended"/> has it, but for the time, which is the database's.</summary>
    public void NoteEnded(Guid drain, DrainTry ended) => Execute(
        $"""
        UPDATE drain_try SET ended_at_ms = {store.NowMsSql}, outcome = @outcome, verdict = @verdict, blackout_us = @blackout, reason = @reason
        WHERE drain_id = @id AND vm = @vm AND number = @number AND ended_at_ms IS NULL
        """,
        ("@id", drain.ToString()), ("@vm", ended.Vm.Value), ("@number", ended.Number), ("@outcome", ended.Outcome), ("@verdict", ended.Verdict),
        ("@blackout", ended.BlackoutMicros is { } micros ? micros : DBNull.Value), ("@reason", Short(ended.Reason)));

    private IReadOnlyList<DrainRecord> Read(string where, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var connection = store.Open();
        return new SqlSession(connection).Rows($"SELECT {Columns} FROM drain WHERE {where}", Drain, parameters);
    }

    private bool Execute(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var connection = store.Open();
        return new SqlSession(connection).Execute(sql, parameters) == 1;
    }

    private static DrainRecord Drain(DbDataReader row) => new(
        Guid.Parse(row.GetString(0)), new DrainJob(new HostName(row.GetString(1)), row.GetInt32(2), row.GetInt32(3)), row.GetString(4), row.GetString(5),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)), Moment(row, 7), Text(row, 8) is { } outcome ? Enum.Parse<DrainOutcome>(outcome) : null, Text(row, 9) ?? "");

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Moment(DbDataReader row, int column) => row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    private static string Short(string text) => text.Length <= LongestReason ? text : text[..LongestReason];
}
