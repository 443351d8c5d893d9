namespace Coordinator.Actors.Fencing;

/// <summary>
/// One acquisition, as far as this process may believe in it: for the time to live from the moment <em>before</em> the database was asked, so that it ends
/// here before it ends there.
/// </summary>
sealed class LeaseHolding(long version, long askedAt, TimeSpan timeToLive, Action<Exception> onLost)
{
    private long validFrom = askedAt;
    private volatile Action<Exception> onLost = onLost;

    public long Version { get; } = version;

    public Action<Exception> OnLost
    {
        get => onLost;
        set => onLost = value;
    }

    /// <param name="time">Source of the timestamps given here; monotonic, and runs on while the process is stopped.</param>
    public bool IsValid(TimeProvider time) => Remaining(time) > TimeSpan.Zero;

    public TimeSpan Remaining(TimeProvider time)
    {
        var remaining = timeToLive - time.GetElapsedTime(Volatile.Read(ref validFrom));
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    public void Renewed(long askedAt) => Volatile.Write(ref validFrom, askedAt);
}
