using System.Diagnostics;

namespace Coordinator.Actors.Tests.Platform;

/// <summary>The one place where these tests let time pass.</summary>
static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public static Task<bool> IsTrue(Func<bool> condition, TimeSpan limit) => IsTrue(() => Task.FromResult(condition()), limit);

    /// <returns>True as soon as the condition holds; its value at the end of the limit otherwise.</returns>
    public static async Task<bool> IsTrue(Func<Task<bool>> condition, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                return await condition();
            }

            await Task.Delay(Interval);
        }

        return true;
    }
}
