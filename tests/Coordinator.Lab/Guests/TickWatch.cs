using System.Diagnostics;

namespace Coordinator.Lab.Guests;

/// <summary>Looks again and again whether the guest has ticked, until it is disposed of, and keeps the longest time without. What it says is never less than the truth.</summary>
public sealed class TickWatch : IAsyncDisposable
{
    private static readonly TimeSpan s_lastTicksLimit = TimeSpan.FromSeconds(90);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private readonly Func<long> _lastTick;
    private long _seen;
    private long _seenAt = Stopwatch.GetTimestamp();
    private long _stopAt = long.MaxValue;
    private TimeSpan _longest;

    public TickWatch(Func<long> lastTick)
    {
        _lastTick = lastTick;
        _seen = lastTick();
        _watching = Eventually.BecomesTrue(Look, TimeSpan.MaxValue, "the guest to tick on", cancellation: _stop.Token);
    }

    /// <summary>Waits for so many ticks more; then the longest time without one.</summary>
    public async Task<TimeSpan> StopAfterMoreAsync(long ticks)
    {
        Volatile.Write(ref _stopAt, Volatile.Read(ref _seen) + ticks);
        try
        {
            await _watching.WaitAsync(s_lastTicksLimit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"the guest does not tick on: tick {_seen}, {Stopwatch.GetElapsedTime(_seenAt).TotalSeconds:0.0} s ago", e);
        }

        return _longest;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ContinueWith(_ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private bool Look()
    {
        long tick = _lastTick();
        if (tick > _seen)
        {
            TimeSpan since = Stopwatch.GetElapsedTime(_seenAt);
            _longest = since > _longest ? since : _longest;
            Volatile.Write(ref _seen, tick);
            _seenAt = Stopwatch.GetTimestamp();
        }

        return _seen >= Volatile.Read(ref _stopAt);
    }
}
