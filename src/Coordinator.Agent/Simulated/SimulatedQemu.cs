using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Coordinator.Agent.Simulated;

/// <summary>
/// A process that is QEMU to whoever talks to it: command line, monitors, stream, exit codes, words on stderr. It knows no guest; what it does is the model's doing. Like QEMU it
/// survives the agent that launched it, so adoption, exit watch and everything else of the agent that concerns processes is the same code with both drivers.
/// </summary>
internal static class SimulatedQemu
{
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
        using CancellationTokenSource ended = new();
        SimulatedMonitors monitors = new(machine);
        Task served;
        try
        {
            served = monitors.ServeAsync([.. line.Monitors.Select(Listen)], ended.Token);
        }
        catch (SocketException e)
        {
            await Console.Error.WriteLineAsync($"qemu-system-x86_64: -mon: {e.Message}");
            return 1;
        }

        int exitCode = await machine.Ended;
        await ended.CancelAsync();
        await Task.WhenAny(served, Task.Delay(SimulatedMonitors.LastWords));
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
}
