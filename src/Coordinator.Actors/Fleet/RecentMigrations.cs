using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>Which migrations began and ended lately, each counted once however often its VM is shown.</summary>
internal sealed class RecentMigrations(TimeProvider clock)
{
    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    /// <summary>More migrations in a quarter of an hour than a cluster of this kind makes; beyond it the counts are too low.</summary>
    private const int MaxKept = 100_000;

    private static readonly TimeSpan s_countEvery = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Moments> _migrations = new(StringComparer.Ordinal);
    private RecentCounts _counts = RecentCounts.None;
    private DateTimeOffset _countedAt;
    private bool _isChanged;

    internal void Note(VmSummary vm) => Note(vm.MigrationId, vm.RequestedAtUnixMs, vm.EndedAtUnixMs, vm.Terminal ? vm.Phase : "");

    /// <param name="id">Of the migration; empty for none.</param>
    /// <param name="requestedAtUnixMs">By the clock of a coordinator.</param>
    /// <param name="endedAtUnixMs">0 before its end.</param>
    /// <param name="outcome">Empty before its end.</param>
    internal void Note(string id, long requestedAtUnixMs, long endedAtUnixMs, string outcome)
    {
        Moments now = new(requestedAtUnixMs, endedAtUnixMs, outcome);
        if (id.Length == 0 || Math.Max(requestedAtUnixMs, endedAtUnixMs) < Oldest || (_migrations.TryGetValue(id, out Moments known) && known == now))
        {
            return;
        }

        if (_migrations.Count < MaxKept || _migrations.ContainsKey(id))
        {
            _migrations[id] = now;
            _isChanged = true;
        }
    }

    /// <summary>Counted anew at most once a second: it looks at all of them.</summary>
    internal RecentCounts Count()
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (now - _countedAt < s_countEvery && !_isChanged)
        {
            return _counts;
        }

        (_countedAt, _isChanged) = (now, false);
        long oldest = Oldest;
        foreach (string old in _migrations.Where(m => Math.Max(m.Value.RequestedAtUnixMs, m.Value.EndedAtUnixMs) < oldest).Select(m => m.Key).ToList())
        {
            _migrations.Remove(old);
        }

        int Ended(string outcome) => _migrations.Values.Count(m => m.EndedAtUnixMs >= oldest && m.Outcome == outcome);
        return _counts = new RecentCounts(
            _migrations.Values.Count(m => m.RequestedAtUnixMs >= oldest), Ended("Succeeded"), Ended("Failed"), Ended("Cancelled"), Ended("Lost"));
    }

    private long Oldest => (clock.GetUtcNow() - Window).ToUnixTimeMilliseconds();

    private readonly record struct Moments(long RequestedAtUnixMs, long EndedAtUnixMs, string Outcome);
}
