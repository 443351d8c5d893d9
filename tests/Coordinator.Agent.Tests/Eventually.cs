using System.Diagnostics;

namespace Coordinator.Agent.Tests;

/// <summary>The one place of this project that polls.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Xunit.Assert.True(Stopwatch.GetElapsedTime(start) < Limit, $"not within {Limit.TotalSeconds} s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(2));
        }
    }
}
