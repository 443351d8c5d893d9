using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Xunit;

namespace Coordinator.Agent.Tests.Processes;

/// <summary>A host with directories of its own and the installed QEMU. Disposing kills every QEMU that was launched on it.</summary>
internal sealed class QemuHost : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const string Binary = HostConfiguration.QemuBinaryDefault;

    private readonly TemporaryDirectory _directory = new();
    private readonly List<QemuProcessIdentity> _launched = [];
    private int _launches;

    public QemuHost()
    {
        Assert.True(File.Exists(Binary), $"these tests need the real QEMU at {Binary}: apt-get install --no-install-recommends qemu-system-x86.");
    }

    public string Directory => _directory.Path;

    public HostVariables Variables => new("host-a", _directory["state"], _directory["run"], Binary,
        ["/bin/sh", "/bin/false", _directory["text"], "/nonexistent/qemu"], new Dictionary<string, string>(StringComparer.Ordinal));

    public string NextLaunchId() => $"l{++_launches}-{Guid.NewGuid():N}"[..20];

    public QemuCommandLine Line(string arguments, LaunchRole role = LaunchRole.Start, string? binary = null) => VmDefinition.Parse(
        $"name: web-1\nuuid: {Guid.NewGuid()}\nargs: {arguments}\n" + (binary is null ? "" : $"binary: {binary}\n"), "web-1.yaml")
        .CommandLine(Variables, role, NextLaunchId());

    public QemuCommandLine EmptyMachine(LaunchRole role = LaunchRole.Start) => Line("-machine none -nodefaults -display none", role);

    public async Task<LaunchedQemu> LaunchAsync(QemuCommandLine line)
    {
        var qemu = await new QemuLauncher(QemuScope.Auto).LaunchAsync(line, Limit);
        _launched.Add(qemu.Process.Identity);
        return qemu;
    }

    /// <summary>Sends one QMP command on a fresh conversation (greeting and capabilities are read here) and returns its reply.</summary>
    public static async Task<JsonNode> AskAsync(Socket monitor, string command)
    {
        using var stream = new NetworkStream(monitor, ownsSocket: false);
        using var reader = new StreamReader(stream, Encoding.UTF8, false, 4096, leaveOpen: true);
        using var limit = new CancellationTokenSource(Limit);
        Assert.NotNull(JsonNode.Parse((await reader.ReadLineAsync(limit.Token))!)!["QMP"]);
        await stream.WriteAsync(Encoding.UTF8.GetBytes("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"" + command + "\",\"id\":1}"), limit.Token);
        while (true)
        {
            var message = JsonNode.Parse((await reader.ReadLineAsync(limit.Token))!)!;
            if (message["id"] is not null)
            {
                return message;
            }
        }
    }

    public static async Task<JsonNode> AskAsync(string monitorPath, string command)
    {
        using var monitor = await ConnectAsync(monitorPath);
        return await AskAsync(monitor, command);
    }

    public static async Task<Socket> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var identity in _launched)
        {
            await QemuProcess.KillAsync(identity, Limit);
        }

        _directory.Dispose();
    }
}
