using System.Diagnostics;
using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;

namespace Coordinator.Lab.Processes;

/// <summary>A QEMU that a test starts by itself (agents start theirs). Ended when disposed.</summary>
public sealed class QemuProcess : IAsyncDisposable
{
    readonly Process process;
    readonly Task<string> errorText;

    QemuProcess(Process process, string qmpSocket)
    {
        this.process = process;
        QmpSocket = qmpSocket;
        errorText = process.StandardError.ReadToEndAsync();
    }

    public int Pid => process.Id;
    public string QmpSocket { get; }
    public bool IsAlive => !process.HasExited;

    /// <param name="incoming">A destination: it waits for <c>migrate-incoming</c> and never runs by itself.</param>
    public static QemuProcess Start(GuestMachine machine, LabNetwork? network, bool incoming = false) =>
        Start(machine.Qemu, network, incoming ? machine.IncomingArguments() : machine.Arguments(), machine.QmpSocket);

    /// <param name="network">Null starts it in the machine's own namespace; it must have no tap then.</param>
    public static QemuProcess Start(QemuBinary binary, LabNetwork? network, IEnumerable<string> arguments, string qmpSocket)
    {
        var start = network?.Inside(binary.Path, arguments) ?? new ProcessStartInfo(binary.Path, arguments);
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        return new(ExternalCommand.Begin(start), qmpSocket);
    }

    /// <summary>Waits until the monitor's socket is there.</summary>
    /// <exception cref="LabFailure">QEMU ended; carries what it said.</exception>
    public async Task WaitForMonitor(TimeSpan limit, CancellationToken cancellation = default)
    {
        await Eventually.BecomesTrue(() => File.Exists(QmpSocket) || process.HasExited, limit, $"the QMP socket {QmpSocket}", cancellation: cancellation);
        if (process.HasExited)
            throw new LabFailure($"QEMU ended with {process.ExitCode}: {(await errorText).Trim()}");
    }

    /// <summary>What QEMU said on standard error; complete only once it has ended.</summary>
    public async Task<string> ErrorText()
    {
        await process.WaitForExitAsync();
        return await errorText;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        await errorText;
        process.Dispose();
    }
}
