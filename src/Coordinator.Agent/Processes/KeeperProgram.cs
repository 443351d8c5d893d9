using System.Runtime.InteropServices;

namespace Coordinator.Agent.Processes;

/// <summary><c>coordinator-agent keeper PATH</c>, and <c>coordinator-agent keeper PATH --check</c> for a health check.</summary>
internal static class KeeperProgram
{
    public const string Word = "keeper";

    private const int Unavailable = 69;

    public static async Task<int> RunAsync(string path)
    {
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => End(signal, stop));
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => End(signal, stop));
        try
        {
            using GuestKeeper keeper = GuestKeeper.Open(path);
            Console.WriteLine($"keeper: at {path}");
            await keeper.RunAsync(stop.Token);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
        catch (IOException e)
        {
            await Console.Error.WriteLineAsync($"the keeper cannot start: {e.Message}");
            return Unavailable;
        }
    }

    public static async Task<int> CheckAsync(string path)
    {
        try
        {
            await new KeeperDoor(path).SettleAsync();
            return 0;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static void End(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
