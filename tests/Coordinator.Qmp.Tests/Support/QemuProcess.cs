using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Coordinator.Qmp.Tests.Support;

/// <summary>A real QEMU without a guest, ended with the test.</summary>
sealed class QemuProcess : IAsyncDisposable
{
    readonly ScratchDirectory _directory = new();
    readonly Process _process;
    readonly StringBuilder _said = new();

    QemuProcess(string binary, string[] arguments)
    {
        Endpoint = QmpEndpoint.Unix(_directory.File("qmp.sock"));
        var start = new ProcessStartInfo(binary)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        string[] common = ["-display", "none", "-nodefaults", "-no-user-config", "-S", "-accel", "tcg", "-qmp", $"unix:{Endpoint.Path},server=on,wait=off"];
        foreach (var argument in common.Concat(arguments))
            start.ArgumentList.Add(argument);
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    public QmpEndpoint Endpoint { get; }

    public bool HasExited => _process.HasExited;

    public static async Task<QemuProcess> StartAsync(string which, params string[] arguments)
    {
        var qemu = new QemuProcess(QemuBinary.Find(which), arguments);
        try
        {
            await Eventually.BecomesTrue(() => File.Exists(qemu.Endpoint.Path) || qemu.HasExited, Patience.Limit, "QEMU's monitor socket");
            Assert.False(qemu.HasExited, $"QEMU ended at once: {qemu.Said()}");
            return qemu;
        }
        catch
        {
            await qemu.DisposeAsync();
            throw;
        }
    }

    public async Task<QmpConnection> ConnectAsync(QmpOptions? options = null)
    {
        // QEMU binds the name a moment before it listens.
        var connection = await Eventually.Succeeds(
            () => QmpConnection.ConnectAsync(Endpoint, options ?? QmpOptions.Default).InTime(),
            static e => e is QmpConnectException { SocketError: SocketError.ConnectionRefused },
            Patience.Limit);
        Assert.True(connection.Version.Major >= 7, $"QEMU {connection.Version} is older than what is supported.");
        return connection;
    }

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync().InTime();
        _process.Dispose();
        _directory.Dispose();
    }

    void Hear(string? line)
    {
        lock (_said)
            _said.AppendLine(line);
    }

    string Said()
    {
        lock (_said)
            return _said.ToString();
    }
}
