using System.Diagnostics;

namespace Coordinator.Agent.Tests.Support;

/// <summary>The one place in these tests that waits by looking again.</summary>
internal static class Eventually
{
    /// <summary>Generous: the machines that run tests are shared, and a limit only ends what has failed.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<T> ValueAsync<T>(Func<T?> look, Func<string> describe, TimeSpan? limit = null)
        where T : class
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (look() is { } found)
            {
                return found;
            }

            if (Stopwatch.GetElapsedTime(start) > (limit ?? Limit))
            {
                throw new TimeoutException($"not within {(limit ?? Limit).TotalSeconds:0} s: {describe()}");
            }

            await Task.Delay(5);
        }
    }

    public static Task TrueAsync(Func<bool> condition, Func<string> describe, TimeSpan? limit = null) =>
        ValueAsync(() => condition() ? "" : null, describe, limit);

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(condition, () => what);
}
