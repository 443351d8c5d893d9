using System.Net.Sockets;
using Coordinator.Agent.Processes;
using Coordinator.Domain;
using Coordinator.History;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Simulated;

/// <summary>
/// Thousands of simulated guests in one process, where a runtime for each (<see cref="SimulatedQemu"/>) would fill the machine's memory: behind a <see cref="GuestKeeper"/>, so that agents neither know nor
/// do anything else than with QEMU. What an agent sees as its QEMU is a placeholder process that does nothing; it ends with the exit code of its machine, and its machine with it.
/// Only the monitor that the agent hands over is served: the standby ones would be fourteen sockets for each guest, and save the time in which a real QEMU reads a question.
/// </summary>
/// <param name="history">Takes every run of every guest, as the guest itself sees it; null: nobody asks.</param>
internal sealed class SimulatedGuests(HistoryWriter? history) : IGuestStarter
{
    private const string QemuName = "qemu-system-x86_64";

    public int Start(KeeperRequest request, SafeFileHandle output, SafeFileHandle monitor)
    {
        string[] arguments = [.. request.Command.SkipWhile(word => word != SimulatedProgram.Word).Skip(1)];
        SimulatedCommandLine line;
        try
        {
            line = SimulatedCommandLine.Parse(arguments);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new IOException($"{QemuName}: {e.Message}", e);
        }

        Socket listener = new(LinuxProcessCalls.DuplicateSocket(monitor));
        try
        {
            Placeholder placeholder = Placeholder.Start(arguments, output);
            SimulatedMachine machine = new(line) { Complains = words => File.AppendAllText(request.Output, words + "\n") };
            machine.Runs = Recorder(arguments, request.Monitor) ?? machine.Runs;
            _ = Task.Run(() => RunAsync(machine, placeholder, listener));
            return placeholder.Pid;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private static async Task RunAsync(SimulatedMachine machine, Placeholder placeholder, Socket monitor)
    {
        using CancellationTokenSource ended = new();
        using (placeholder)
        using (machine)
        {
            Task served = new SimulatedMonitors(machine).ServeAsync([monitor], ended.Token);
            bool byItself = await Task.WhenAny(machine.Ended, placeholder.Gone) == machine.Ended;
            await ended.CancelAsync();
            if (byItself)
            {
                await Task.WhenAny(served, Task.Delay(SimulatedMonitors.LastWords));
                placeholder.End(await machine.Ended);
            }
        }
    }

    /// <summary>Hosts have their monitors in RUN-DIRECTORY/qmp, and a fleet names each run directory after its host.</summary>
    private Action<bool>? Recorder(string[] arguments, string monitor)
    {
        (string name, _) = ProcessTable.GuestOf(arguments);
        if (history is null || name.Length == 0 || !Guid.TryParse(Path.GetFileName(monitor), out Guid launch))
        {
            return null;
        }

        VmName vm = new(name);
        Copy copy = Copy.OfLaunch(new HostName(Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(monitor)))!), new LaunchId(launch));
        return runs => history.Add(runs ? new RunBegan(HistoryClock.NowMicros(), vm, copy) : new RunEnded(HistoryClock.NowMicros(), vm, copy, ProcessEnded: false));
    }
}
