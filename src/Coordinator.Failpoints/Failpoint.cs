namespace Coordinator.Failpoints;

/// <summary>
/// Named places at which a test, or an operator on a cluster of their own, can end, stop, hold, delay or fail a process. Off, and then free, unless the variable
/// <see cref="Variable"/> names a directory when the process starts; each hit then looks for a file of its name there. By hand because .NET has nothing like gofail or fail-rs.
/// </summary>
public static class Failpoint
{
    public const string Variable = "COORDINATOR_FAILPOINTS";

    /// <summary>A place asks this first. Constant for the life of the process, so that the compiler drops the rest where it is false.</summary>
    public static readonly bool IsOn;

    private static readonly FailpointDirectory? s_directory;

    static Failpoint()
    {
        string? folder = Environment.GetEnvironmentVariable(Variable);
        IsOn = !string.IsNullOrEmpty(folder);
        s_directory = IsOn ? new FailpointDirectory(folder!, Console.Error.WriteLine, SelfSignal.Send) : null;
    }

    /// <param name="name">Of <see cref="FailpointCatalogue.All"/>.</param>
    /// <param name="vm">Empty where the place belongs to no VM.</param>
    /// <returns>Completed already unless somebody is to wait here: then without a thread.</returns>
    /// <exception cref="FailpointException">The action is <c>error</c>.</exception>
    public static ValueTask HitAsync(string name, string vm) => s_directory is { } directory ? directory.HitAsync(name, vm) : ValueTask.CompletedTask;

    /// <summary>Both hits of one place, around what is done there.</summary>
    public static async Task AroundAsync(string place, string vm, Func<Task> work)
    {
        await HitAsync(FailpointCatalogue.Before(place), vm);
        await work();
        await HitAsync(FailpointCatalogue.After(place), vm);
    }
}
