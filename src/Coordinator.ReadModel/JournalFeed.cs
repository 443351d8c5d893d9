using Coordinator.Journal;

namespace Coordinator.ReadModel;

/// <summary>One event's place; what it says is read with the rest of its VM's history.</summary>
internal sealed record JournalPlace(long Ordering, string PersistenceId, long Sequence);

/// <summary>Places of events in the order of the journal. Only VMs' events are in it (sharding has tables of its own).</summary>
internal sealed class JournalFeed(JournalDatabase database)
{
    public IReadOnlyList<JournalPlace> After(long ordering, int limit) => Places("ordering > @after ORDER BY ordering LIMIT @limit", ("@after", ordering), ("@limit", limit));

    /// <summary>Those of these places that are there.</summary>
    public IReadOnlyList<JournalPlace> At(IReadOnlyCollection<long> orderings) =>
        orderings.Count == 0 ? [] : Places($"ordering IN ({string.Join(',', orderings)}) ORDER BY ordering");

    /// <summary>0 for an empty journal.</summary>
    public long Greatest()
    {
        using var connection = database.Open();
        return new SqlSession(connection).Scalar("SELECT max(ordering) FROM journal") is { } greatest
            ? Convert.ToInt64(greatest, System.Globalization.CultureInfo.InvariantCulture)
            : 0;
    }

    private List<JournalPlace> Places(string where, params ReadOnlySpan<(string, object)> parameters)
    {
        using var connection = database.Open();
        return new SqlSession(connection).Rows(
            $"SELECT ordering, persistence_id, sequence_number FROM journal WHERE {where}",
            row => new JournalPlace(row.GetInt64(0), row.GetString(1), row.GetInt64(2)),
            parameters);
    }
}
