using System.Diagnostics;

namespace Coordinator.Lab;

/// <summary>The one polling primitive: everything else that waits for the outside world waits through it.</summary>
public static class Eventually
{
    const int PollIntervalMs = 20;

    /// <exception cref="TimeoutException">Names what was waited for, how long, and what <paramref name="seen"/> says then.</exception>
    public static async Task BecomesTrue(Func<bool> condition, TimeSpan limit, string awaited, Func<string>? seen = null, CancellationToken cancellation = default) =>
        await Becomes(() => condition() ? "" : null, limit, awaited, seen, cancellation);

    /// <summary>A fault that lasts: nothing is awaited but that time passes.</summary>
    public static Task Lasts(TimeSpan time, CancellationToken cancellation = default) => Task.Delay(time, cancellation);

    /// <returns>The first value that is not null.</returns>
    public static Task<T> Becomes<T>(Func<T?> probe, TimeSpan limit, string awaited, Func<string>? seen = null, CancellationToken cancellation = default)
        where T : class =>
        Becomes(() => Task.FromResult(probe()), limit, awaited, seen, cancellation);

    /// <summary>The same with a probe that itself asks somebody; its own errors end the wait.</summary>
    public static async Task<T> Becomes<T>(Func<Task<T?>> probe, TimeSpan limit, string awaited, Func<string>? seen = null, CancellationToken cancellation = default)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await probe() is { } value)
                return value;
            if (Stopwatch.GetElapsedTime(started) > limit)
                throw new TimeoutException($"waited {limit.TotalSeconds:0.#} s for {awaited}{(seen is null ? "" : $"; last seen: {seen()}")}");
            await Task.Delay(PollIntervalMs, cancellation);
        }
    }
}
