namespace Coordinator.ReadModel;

/// <summary>
/// A missing number is a write that was taken back (a refused stale writer, for instance), or one that is not committed yet while a later one is: PostgreSQL gives the numbers before the commits. Each gap
/// is waited for; then it is left behind, and looked at again for a while, so that a commit that came even later is folded late instead of never.
/// </summary>
/// <param name="patience">For one gap, from the first look that shows it.</param>
/// <param name="remember">How long, and at most how many, left gaps are looked at again.</param>
internal sealed class GapWatch(TimeSpan patience, TimeSpan remember)
{
    private const int MaxRemembered = 10_000;

    private readonly Dictionary<long, TimeSpan> seen = [];
    private readonly Dictionary<long, TimeSpan> left = [];

    /// <summary>Gaps that were waited for since the start.</summary>
    public long Waits { get; private set; }

    /// <summary>Numbers that were left behind lately.</summary>
    public IReadOnlyCollection<long> Left => left.Keys;

    /// <summary>The places that may be folded now, up to the first gap that is still waited for.</summary>
    /// <param name="after">Everything up to it is folded.</param>
    /// <param name="places">In order.</param>
    /// <param name="limit">Of places that are given; gaps behind them are waited for already.</param>
    /// <param name="now">Monotonic.</param>
    public IReadOnlyList<JournalPlace> Ready(long after, IReadOnlyList<JournalPlace> places, int limit, TimeSpan now)
    {
        var ready = 0;
        var isWaiting = false;
        for (var (index, expected) = (0, after + 1); index < places.Count; expected = places[index].Ordering + 1, index++)
        {
            if (places[index].Ordering != expected && !IsOver(expected, now))
            {
                isWaiting = true;
            }
            else if (!isWaiting && ready < limit)
            {
                Leave(expected, places[index].Ordering, now);
                ready = index + 1;
            }
        }

        foreach (var gap in seen.Keys.Where(gap => gap <= (ready == 0 ? after : places[ready - 1].Ordering)).ToList())
        {
            seen.Remove(gap);
        }

        return [.. places.Take(ready)];
    }

    /// <summary>Places that came late are not looked for again.</summary>
    public void Came(IEnumerable<JournalPlace> places)
    {
        foreach (var place in places)
        {
            left.Remove(place.Ordering);
        }
    }

    public void Forget(TimeSpan now)
    {
        foreach (var (gap, since) in left.ToList())
        {
            if (now - since > remember)
            {
                left.Remove(gap);
            }
        }
    }

    private bool IsOver(long gap, TimeSpan now)
    {
        if (seen.TryAdd(gap, now))
        {
            Waits++;
        }

        return now - seen[gap] >= patience;
    }

    private void Leave(long from, long to, TimeSpan now)
    {
        for (var gap = from; gap < to && left.Count < MaxRemembered; gap++)
        {
            left.TryAdd(gap, now);
        }
    }
}
