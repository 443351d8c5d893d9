namespace Coordinator.Agent.Processes;

/// <summary>The end of what started this process, however that ended: its end of the pipe is closed.</summary>
internal static class StandardInput
{
    public static Task EndsAsync() => Task.Factory.StartNew(
        () =>
        {
            using Stream input = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[256];
            while (input.Read(ignored) > 0)
            {
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
