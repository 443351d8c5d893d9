using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Coordinator.Agent.Simulated;

/// <summary>The monitors of one simulated machine: whoever converses on one of them, and who is told of events.</summary>
internal sealed class SimulatedMonitors
{
    /// <summary>For the last words to leave the monitors.</summary>
    public static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    private readonly SimulatedMachine _machine;
    private readonly Lock _gate = new();
    private readonly List<MonitorClient> _clients = [];

    public SimulatedMonitors(SimulatedMachine machine)
    {
        _machine = machine;
        machine.Tells = Tell;
    }

    /// <summary>Until the machine ends; the listeners are closed then.</summary>
    public Task ServeAsync(IReadOnlyList<Socket> listeners, CancellationToken ended) => Task.WhenAll(listeners.Select(listener => ServeAsync(listener, ended)));

    /// <summary>One client at a time, as QEMU's monitors.</summary>
    private async Task ServeAsync(Socket listener, CancellationToken ended)
    {
        using (listener)
        {
            while (!ended.IsCancellationRequested)
            {
                try
                {
                    MonitorClient client = new(await listener.AcceptAsync(ended), _machine);
                    Add(client);
                    try
                    {
                        await client.ServeAsync(ended);
                    }
                    finally
                    {
                        Remove(client);
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or SocketException)
                {
                    // The next one, or the end.
                }
            }
        }
    }

    private void Add(MonitorClient client)
    {
        lock (_gate)
        {
            _clients.Add(client);
        }
    }

    private void Remove(MonitorClient client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
        }
    }

    private void Tell(JsonObject happened)
    {
        lock (_gate)
        {
            foreach (MonitorClient client in _clients)
            {
                client.Tell(happened);
            }
        }
    }
}
