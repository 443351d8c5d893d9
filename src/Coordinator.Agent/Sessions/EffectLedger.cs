namespace Coordinator.Agent.Sessions;

/// <summary>
/// Which effects are under way, and when those that the state still asks for are performed again. An effect that is not asked for any more is forgotten, so that it starts at
/// once when it is asked for the next time.
/// </summary>
internal sealed class EffectLedger<T>(TimeSpan firstRepeat, TimeSpan longestRepeat)
    where T : notnull
{
    private readonly Dictionary<T, Entry> _entries = [];

    /// <param name="wanted">What the state asks for now, in the order in which it is to be started.</param>
    /// <param name="nowMs">Monotonic.</param>
    /// <param name="perform">Starts the effect; the task ends when it has been performed, with whatever outcome.</param>
    /// <param name="ended">Called when a task that was not done at once has ended; on any thread.</param>
    public void Perform(IReadOnlyList<T> wanted, long nowMs, Func<T, int, Task> perform, Action ended)
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
                Start(effect, entry, nowMs, perform, ended);
            }
        }
    }

    /// <summary>When the next repetition is due; null when none is.</summary>
    public long? NextDueMs => _entries.Values.Where(entry => !entry.IsUnderWay).Select(entry => (long?)entry.DueMs).Min();

    private void Start(T effect, Entry entry, long nowMs, Func<T, int, Task> perform, Action ended)
    {
        TimeSpan pause = TimeSpan.FromTicks(Math.Min(firstRepeat.Ticks << Math.Min(entry.Times, 8), longestRepeat.Ticks));
        entry.DueMs = nowMs + (long)pause.TotalMilliseconds;
        entry.Task = perform(effect, entry.Times++);
        if (!entry.Task.IsCompleted)
        {
            _ = entry.Task.ContinueWith((_, _) => ended(), state: null, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private sealed class Entry
    {
        public Task Task { get; set; } = Task.CompletedTask;

        public long DueMs { get; set; }

        public int Times { get; set; }

        public bool IsUnderWay => !Task.IsCompleted;
    }
}
