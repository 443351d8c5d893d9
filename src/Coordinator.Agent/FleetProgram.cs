using System.Runtime.InteropServices;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Processes;
using Coordinator.Agent.State;
using Coordinator.Certificates.Files;

namespace Coordinator.Agent;

/// <summary>
/// <c>coordinator-agent fleet HOST.yaml...</c>: the agents of many simulated hosts in one process, where a runtime for each would fill the machine. Each has its own store, handoff port and stream as ever.
/// Only simulated hosts: what an agent promises a real guest rests on a process of its own.
/// </summary>
internal static class FleetProgram
{
    public const string Word = "fleet";

    private const int Misconfigured = 78;
    private const int Unavailable = 69;
    private const int StartedAtATime = 8;

    public static async Task<int> RunAsync(IReadOnlyList<string> files)
    {
        DescriptorLimit.TryRaise();
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using PosixSignalRegistration interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        _ = StandardInput.EndsAsync().ContinueWith(_ => stop.Cancel(), TaskScheduler.Default);
        List<AgentHost> agents = [];
        try
        {
            HostConfiguration[] hosts = [.. files.Select(Load)];
            await Parallel.ForEachAsync(hosts, new ParallelOptions { MaxDegreeOfParallelism = StartedAtATime, CancellationToken = stop.Token }, async (host, _) =>
            {
                AgentHost agent = await AgentHost.StartAsync(host, Log);
                lock (agents)
                {
                    agents.Add(agent);
                }
            });
            Console.WriteLine($"fleet: {hosts.Length} hosts");
            await Task.Delay(Timeout.Infinite, stop.Token);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
        catch (Exception e) when (e is ConfigurationException or CertificateFileException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Misconfigured;
        }
        catch (Exception e) when (e is IOException or AgentStoreException)
        {
            await Console.Error.WriteLineAsync($"the fleet cannot start: {e.Message}");
            return Unavailable;
        }
        finally
        {
            await Task.WhenAll(agents.Select(agent => agent.DisposeAsync().AsTask()));
        }

        void End(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static HostConfiguration Load(string file)
    {
        HostConfiguration host = HostConfiguration.Load(file);
        return host.Driver == HypervisorDriver.Simulated ? host : throw new IOException($"{file} is not of the driver 'simulated', and a fleet has no others");
    }

    private static void Log(ILoggingBuilder logging) => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console =>
    {
        console.UseUtcTimestamp = true;
        console.TimestampFormat = "O";
        console.SingleLine = true;
    });
}
