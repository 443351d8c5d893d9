using System.Runtime.InteropServices;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Recording;
using Coordinator.History;

namespace Coordinator.Agent.Simulated;

/// <summary><c>coordinator-agent simulated-guests SOCKET</c>.</summary>
internal static class SimulatedGuestsProgram
{
    public const string Word = "simulated-guests";

    private const int Unavailable = 69;

    public static async Task<int> RunAsync(string path)
    {
        DescriptorLimit.TryRaise();
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        _ = StandardInput.EndsAsync().ContinueWith(_ => stop.Cancel(), TaskScheduler.Default);
        try
        {
            await using HistoryWriter? history = Environment.GetEnvironmentVariable(AgentHistory.Variable) is { Length: > 0 } directory
                ? HistoryWriter.Create(directory, "guests", host: null, HistoryClock.NowMicros)
                : null;
            using GuestKeeper keeper = GuestKeeper.Open(path, new SimulatedGuests(history));
            Console.WriteLine($"simulated guests: at {path}");
            await keeper.RunAsync(stop.Token);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
        catch (IOException e)
        {
            await Console.Error.WriteLineAsync($"the keeper of simulated guests cannot start: {e.Message}");
            return Unavailable;
        }

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }
}
