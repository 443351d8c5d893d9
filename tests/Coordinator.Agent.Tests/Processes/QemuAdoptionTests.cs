using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Xunit;

namespace Coordinator.Agent.Tests.Processes;

public sealed class QemuAdoptionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    // As an administrator starts one: own socket, own pid file, detached by itself.
    [Fact]
    public async Task IdentifyAsync_QemuThatDaemonizedItself_IsFoundWatchedAndKilled()
    {
        using (var start = Process.Start(HostConfiguration.QemuBinaryDefault,
            ["-machine", "none", "-nodefaults", "-display", "none", "-daemonize", "-pidfile", _directory["pid"], "-qmp",
                $"unix:{_directory["qmp"]},server=on,wait=off"]))
        {
            await start.WaitForExitAsync();
            Assert.Equal(0, start.ExitCode);
        }

        var pid = int.Parse(File.ReadAllText(_directory["pid"]).Trim(), CultureInfo.InvariantCulture);
        var identity = await QemuAdoption.IdentifyAsync(new AdoptedMonitor(_directory["qmp"], null));
        try
        {
            Assert.Equal(pid, identity.Pid);
            Assert.Equal(identity, await QemuAdoption.IdentifyAsync(new AdoptedMonitor(_directory["qmp"], _directory["pid"])));
            using (var monitor = await QemuHost.ConnectAsync(_directory["qmp"]))
            {
                Assert.Equal(identity, QemuAdoption.Identify(monitor, new AdoptedMonitor(_directory["qmp"], null)));
                Assert.NotNull((await QemuHost.AskAsync(monitor, "query-status"))["return"]);
            }

            File.WriteAllText(_directory["other"], Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            var e = await Assert.ThrowsAsync<QemuAdoptionException>(() =>
                QemuAdoption.IdentifyAsync(new AdoptedMonitor(_directory["qmp"], _directory["other"])));
            Assert.Contains($"names process {Environment.ProcessId}, but", e.Message, StringComparison.Ordinal);
            Assert.Equal(QemuPresence.Alive, QemuProcess.Attach(identity, monitorPath: null, out var process));
            using (process)
            {
                Assert.True(await process!.KillAsync(QemuHost.Limit));
            }
        }
        finally
        {
            await QemuProcess.KillAsync(identity, QemuHost.Limit);
        }

        Assert.Equal(QemuPresence.Gone, identity.Observe());
    }

    [Fact]
    public async Task IdentifyAsync_NobodyListens_SaysWhatToCheck()
    {
        var e = await Assert.ThrowsAsync<QemuAdoptionException>(() => QemuAdoption.IdentifyAsync(new AdoptedMonitor(_directory["qmp"], null)));
        Assert.Contains("Check adopt.qmpSocket", e.Message, StringComparison.Ordinal);

        using var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        dead.Bind(new UnixDomainSocketEndPoint(_directory["qmp"]));
        await Assert.ThrowsAsync<QemuAdoptionException>(() => QemuAdoption.IdentifyAsync(new AdoptedMonitor(_directory["qmp"], null)));
    }

    // Taking a proxy for QEMU would later prove a running guest gone when only the proxy ended.
    [Fact]
    public async Task IdentifyAsync_SocketServedBySomethingElse_NeedsAPidFile()
    {
        using var proxy = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        proxy.Bind(new UnixDomainSocketEndPoint(_directory["qmp"]));
        proxy.Listen();
        using var stop = new CancellationTokenSource();
        var greeting = GreetEverybodyAsync(proxy, stop.Token);
        var adopt = new AdoptedMonitor(_directory["qmp"], null);

        Assert.Contains("which is not QEMU; give QEMU's own -pidfile",
            (await Assert.ThrowsAsync<QemuAdoptionException>(() => QemuAdoption.IdentifyAsync(adopt))).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", (await Refused(null)).Message, StringComparison.Ordinal);
        Assert.Contains("does not hold a process number", (await Refused("none\n")).Message, StringComparison.Ordinal);

        await using var host = new QemuHost();
        using var qemu = await host.LaunchAsync(host.EmptyMachine());
        File.WriteAllText(_directory["pid"], $"{qemu.Process.Identity.Pid}\n");
        Assert.Equal(qemu.Process.Identity, await QemuAdoption.IdentifyAsync(adopt with { PidFile = _directory["pid"] }));

        await stop.CancelAsync();
        await greeting;

        Task<QemuAdoptionException> Refused(string? pidFile)
        {
            if (pidFile is not null)
            {
                File.WriteAllText(_directory["pid"], pidFile);
            }

            return Assert.ThrowsAsync<QemuAdoptionException>(() => QemuAdoption.IdentifyAsync(adopt with { PidFile = _directory["pid"] }));
        }
    }

    [Fact]
    public async Task IdentifyAsync_MonitorThatSomebodyElseHolds_SaysSo()
    {
        await using var host = new QemuHost();
        using var qemu = await host.LaunchAsync(host.EmptyMachine());
        using var other = await QemuHost.ConnectAsync(qemu.MonitorPath);
        await QemuHost.AskAsync(other, "query-status");

        var e = await Assert.ThrowsAsync<QemuAdoptionException>(() =>
            QemuAdoption.IdentifyAsync(new AdoptedMonitor(qemu.MonitorPath, null), TimeSpan.FromMilliseconds(300), CancellationToken.None));
        Assert.Contains("another program is connected to this monitor", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IdentifyAsync_ManyTimes_NeverFillsTheBacklog()
    {
        await using var host = new QemuHost();
        using var qemu = await host.LaunchAsync(host.EmptyMachine());
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(qemu.Process.Identity, await QemuAdoption.IdentifyAsync(new AdoptedMonitor(qemu.MonitorPath, null)));
        }

        Assert.NotNull((await QemuHost.AskAsync(qemu.MonitorPath, "query-status"))["return"]);
    }

    private static async Task GreetEverybodyAsync(Socket listener, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptAsync(cancellation);
                try
                {
                    await client.SendAsync("{\"QMP\": {}}"u8.ToArray(), cancellation);
                }
                catch (SocketException)
                {
                    // It was refused for what it is and has left.
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }
}
