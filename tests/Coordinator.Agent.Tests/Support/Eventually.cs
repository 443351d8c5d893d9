namespace Coordinator.Agent.Tests.Support;

/// <summary>Waits by the one polling primitive, with the limit of these tests.</summary>
internal static class Eventually
{
    /// <summary>Generous: the machines that run tests are shared, and a limit only ends what has failed.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task<T> ValueAsync<T>(Func<T?> look, Func<string> describe, TimeSpan? limit = null)
        where T : class => Testing.Eventually.Becomes(look, limit ?? Limit, "a condition", describe);

    public static Task TrueAsync(Func<bool> condition, Func<string> describe, TimeSpan? limit = null) =>
        ValueAsync(() => condition() ? "" : null, describe, limit);

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(condition, () => what);
}
