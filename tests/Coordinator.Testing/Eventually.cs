using System.Diagnostics;

namespace Coordinator.Testing;

/// <summary>The one polling primitive of all tests: everything that waits for the outside world waits through it, and time passes nowhere else.</summary>
public static class Eventually
{
    private const int PollIntervalMs = 20;

    /// <summary>A fault that lasts: nothing is awaited but that time passes.</summary>
    public static Task Lasts(TimeSpan time, CancellationToken cancellation = default) => Task.Delay(time, cancellation);

    /// <summary>A stand-in that hangs until whoever asked it gives up.</summary>
    public static Task Never(CancellationToken givenUp) => new TaskCompletionSource().Task.WaitAsync(givenUp);

    /// <returns>True as soon as the condition holds; its value at the end of the limit otherwise.</returns>
    public static Task<bool> IsTrue(Func<bool> condition, TimeSpan limit) => IsTrue(() => Task.FromResult(condition()), limit);

    /// <summary>The same with a condition that itself asks somebody.</summary>
    public static async Task<bool> IsTrue(Func<Task<bool>> condition, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
                return await condition();
            await Lasts(TimeSpan.FromMilliseconds(PollIntervalMs));
        }

        return true;
    }

    /// <exception cref="TimeoutException">Names what was waited for, how long, and what <paramref name="seen"/> says then.</exception>
    public static async Task BecomesTrue(Func<bool> condition, TimeSpan limit, string awaited, Func<string>? seen = null, CancellationToken cancellation = default) =>
        await Becomes(() => condition() ? "" : null, limit, awaited, seen, cancellation);

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
            await Lasts(TimeSpan.FromMilliseconds(PollIntervalMs), cancellation);
        }
    }

    /// <summary>Tries again while the failure is one that passes by itself; past the limit it is the caller's.</summary>
    public static async Task<T> Succeeds<T>(Func<Task<T>> attempt, Func<Exception, bool> passes, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (Exception e) when (passes(e) && Stopwatch.GetElapsedTime(started) < limit)
            {
                await Lasts(TimeSpan.FromMilliseconds(PollIntervalMs));
            }
        }
    }
}
