using System.Diagnostics;

namespace Coordinator.Qmp.Tests.Support;

/// <summary>The only place that waits by time: a condition is looked at every few milliseconds up to a generous limit.</summary>
static class Eventually
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static Task HoldsAsync(Func<bool> condition, string what) => SucceedsAsync(
        () => condition() ? Task.FromResult(true) : throw new TimeoutException($"Not seen within {Limit}: {what}."), e => e is TimeoutException);

    /// <summary>Tries again while the failure is one that passes by itself; past the limit it is the test's.</summary>
    public static async Task<T> SucceedsAsync<T>(Func<Task<T>> attempt, Func<Exception, bool> passes)
    {
        for (var watch = Stopwatch.StartNew(); ;)
        {
            try
            {
                return await attempt();
            }
            catch (Exception e) when (passes(e) && watch.Elapsed < Limit)
            {
                await Task.Delay(2);
            }
        }
    }

    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task InTime(this Task task) => task.WaitAsync(Limit);
}
