namespace Coordinator.Agent.Sessions;

/// <summary>
/// Which effects are under way, and when those that the state still asks for are performed again. An effect that is not asked for any more is forgotten, so that it starts at
/// once when it is asked for the next time.
/// </summary>
/// <param name="firstRepeat">Doubled with each repetition.</param>
/// <param name="longestRepeat">In the long run.</param>
/// <param name="longestAtFirst">For the first <see cref="QuickRepeats"/>: somebody may be back in a moment, and a guest may stand still.</param>
internal sealed class EffectLedger<T>(TimeSpan firstRepeat, TimeSpan longestRepeat, TimeSpan longestAtFirst)
    where T : notnull
{
    private const int QuickRepeats = 60;

    private readonly Dictionary<T, Entry> _entries = [];

    /// <summary>When the next repetition is due; null when none is.</summary>
    public long? NextDueMs => _entries.Values.Where(entry => !entry.IsUnderWay).Select(entry => (long?)entry.DueMs).Min();

    /// <param name="wanted">What the state asks for now, in the order in which it is to be started.</param>
    /// <param name="nowMs">Monotonic.</param>
    /// <param name="perform">
    /// Starts the effect; given how often it was performed before. What came of it is posted to the session before the task ends.
    /// </param>
    /// <param name="whenEnded">
    /// Takes the step that ends the effect, on any thread, and must have it run inside the session, behind what was posted before. Until then the effect counts as under way:
    /// a task that has ended says nothing yet, and looking at it alone would perform the effect a second time while its outcome still waits in the inbox.
    /// </param>
    public void Perform(IReadOnlyList<T> wanted, long nowMs, Func<T, int, Task> perform, Action<Action> whenEnded)
    {
        foreach (T unwanted in _entries.Where(entry => !entry.Value.IsUnderWay && !wanted.Contains(entry.Key)).Select(entry => entry.Key).ToList())
        {
            _entries.Remove(unwanted);
        }

        foreach (T effect in wanted)
        {
            if (!_entries.TryGetValue(effect, out Entry? entry))
            {
                _entries[effect] = entry = new Entry();
            }

            if (!entry.IsUnderWay && nowMs >= entry.DueMs)
            {
                Start(effect, entry, nowMs, perform, whenEnded);
            }
        }
    }

    private void Start(T effect, Entry entry, long nowMs, Func<T, int, Task> perform, Action<Action> whenEnded)
    {
        TimeSpan pause = TimeSpan.FromTicks(Math.Min(firstRepeat.Ticks << Math.Min(entry.Times, 8), (entry.Times < QuickRepeats ? longestAtFirst : longestRepeat).Ticks));
        entry.DueMs = nowMs + (long)pause.TotalMilliseconds;
        entry.IsUnderWay = true;
        Task performed = perform(effect, entry.Times++);
        if (performed.IsCompleted)
        {
            whenEnded(() => entry.IsUnderWay = false);
        }
        else
        {
            _ = performed.ContinueWith(
                (_, _) => whenEnded(() => entry.IsUnderWay = false), state: null, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private sealed class Entry
    {
        public bool IsUnderWay { get; set; }

        public long DueMs { get; set; }

        public int Times { get; set; }
    }
}
