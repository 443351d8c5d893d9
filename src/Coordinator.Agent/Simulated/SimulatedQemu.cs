using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Coordinator.Agent.Simulated;

/// <summary>
/// A process that is QEMU to whoever talks to it: command line, monitors, stream, exit codes, words on stderr. It knows no guest; what it does is the model's doing. Like QEMU it
/// survives the agent that launched it, so adoption, exit watch and everything else of the agent that concerns processes is the same code with both drivers.
/// </summary>
internal static class SimulatedQemu
{
    /// <summary>For the last words to leave the monitors.</summary>
    private static readonly TimeSpan s_lastWords = TimeSpan.FromMilliseconds(500);

    /// <returns>The exit code, QEMU's: 0 after <c>quit</c>, 1 after a failed load or an unusable command line.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is ["--version"])
        {
            Console.WriteLine($"QEMU emulator version {SimulatedProgram.Version} (simulated)");
            return 0;
        }

        SimulatedCommandLine line;
        try
        {
            line = SimulatedCommandLine.Parse(arguments);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            await Console.Error.WriteLineAsync($"qemu-system-x86_64: {e.Message}");
            return 1;
        }

        using SimulatedMachine machine = new(line);
        MonitorClients clients = new();
        machine.Tells = clients.Tell;
        using CancellationTokenSource ended = new();
        List<Task> monitors = [];
        try
        {
            monitors.AddRange(line.Monitors.Select(address => ServeAsync(Listen(address), machine, clients, ended.Token)).ToList());
        }
        catch (SocketException e)
        {
            await Console.Error.WriteLineAsync($"qemu-system-x86_64: -mon: {e.Message}");
            return 1;
        }

        int exitCode = await machine.Ended;
        await ended.CancelAsync();
        await Task.WhenAny(Task.WhenAll(monitors), Task.Delay(s_lastWords));
        return exitCode;
    }

    /// <summary>listen() is called on an inherited socket too, as QEMU does: the kernel then names this process to those who ask who serves the monitor.</summary>
    private static Socket Listen(MonitorAddress address)
    {
        Socket listener;
        if (address.Descriptor is { } descriptor)
        {
            listener = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        }
        else
        {
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            File.Delete(address.Path!);
            listener.Bind(new UnixDomainSocketEndPoint(address.Path!));
        }

        listener.Listen(1);
        return listener;
    }

    /// <summary>One client at a time, as QEMU's monitors.</summary>
    private static async Task ServeAsync(Socket listener, SimulatedMachine machine, MonitorClients clients, CancellationToken ended)
    {
        using (listener)
        {
            while (!ended.IsCancellationRequested)
            {
                try
                {
                    MonitorClient client = new(await listener.AcceptAsync(ended), machine);
                    clients.Add(client);
                    try
                    {
                        await client.ServeAsync(ended);
                    }
                    finally
                    {
                        clients.Remove(client);
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or SocketException)
                {
                    // The next one, or the end.
                }
            }
        }
    }

    /// <summary>Those who are told of events.</summary>
    private sealed class MonitorClients
    {
        private readonly Lock _gate = new();
        private readonly List<MonitorClient> _clients = [];

        public void Add(MonitorClient client)
        {
            lock (_gate)
            {
                _clients.Add(client);
            }
        }

        public void Remove(MonitorClient client)
        {
            lock (_gate)
            {
                _clients.Remove(client);
            }
        }

        public void Tell(JsonObject happened)
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
}
