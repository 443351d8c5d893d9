using System.Net.Sockets;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Xunit;

namespace Coordinator.Agent.Tests.Processes;

public sealed class GuestKeeperTests : IAsyncLifetime
{
    private readonly QemuHost _host = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;

    private string Door => Path.Combine(_host.Directory, "door", "keeper.sock");

    public Task InitializeAsync()
    {
        GuestKeeper keeper = GuestKeeper.Open(Door);
        _serving = ServeAsync(keeper);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _serving);
        _stop.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task LaunchAsync_ByKeeper_ComesUpAndAnswers()
    {
        QemuCommandLine line = _host.EmptyMachine();
        using LaunchedQemu qemu = await LaunchAsync(line);

        Assert.Equal("prelaunch", (string?)(await QemuHost.AskAsync(qemu.MonitorPath, "query-status"))["return"]!["status"]);
        Assert.Equal([qemu.Process.Identity], QemuLauncher.FindLaunch(line.LaunchId));
        Assert.True(await qemu.Process.KillAsync(QemuHost.Limit));
        await Eventually.TrueAsync(() => !File.Exists(qemu.MonitorPath), "its socket is removed");
    }

    [Fact]
    public async Task LaunchAsync_ByKeeper_QemuRefusesItsArguments_GivesItsWords()
    {
        QemuCommandLine line = _host.Line("-machine none -nodefaults -bogus");

        QemuLaunchException e = await Assert.ThrowsAsync<QemuLaunchException>(() => LaunchAsync(line));

        Assert.Equal(LaunchFault.Exited, e.Fault);
        Assert.Contains("-bogus: invalid option", e.Message, StringComparison.Ordinal);
        Assert.Empty(QemuLauncher.FindLaunch(line.LaunchId));
    }

    [Fact]
    public async Task LaunchAsync_ByKeeper_SecondLaunchOfOneId_TakesNoMonitorAway()
    {
        QemuCommandLine line = _host.EmptyMachine();
        using LaunchedQemu qemu = await LaunchAsync(line);

        QemuLaunchException e = await Assert.ThrowsAsync<QemuLaunchException>(() => LaunchAsync(line));

        Assert.Contains("Address already in use", e.Message, StringComparison.Ordinal);
        Assert.NotNull((await QemuHost.AskAsync(qemu.MonitorPath, "query-status"))["return"]);
        Assert.True(await qemu.Process.KillAsync(QemuHost.Limit));
    }

    /// <summary>An agent that died in mid-launch: its next life must find the QEMU, or find that there is none and will be none.</summary>
    [Fact]
    public async Task AgentGoneBeforeItTookItsQemu_QemuIsEndedBeforeTheNextAnswer()
    {
        QemuCommandLine line = _host.EmptyMachine();
        Directory.CreateDirectory(Path.GetDirectoryName(line.QmpSocketPath)!);
        Directory.CreateDirectory(line.StateDirectory);
        using (Socket agent = await QemuHost.ConnectAsync(Door))
        {
            await KeeperMessages.SendAsync(agent, new KeeperRequest([line.Binary, .. line.Arguments], line.LogPath, line.QmpSocketPath), default);
            Assert.InRange((await KeeperMessages.ReceiveAsync<KeeperAnswer>(agent, default))!.Pid, 2, int.MaxValue);
        }

        await new QemuLauncher(QemuScope.Never, Door).SettleAsync();

        Assert.Empty(QemuLauncher.FindLaunch(line.LaunchId));
        Assert.False(File.Exists(line.QmpSocketPath));
    }

    [Fact]
    public async Task AgentThatTalksNonsense_IsLeftAndTheNextIsServed()
    {
        using (Socket stranger = await QemuHost.ConnectAsync(Door))
        {
            await stranger.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray());
            Assert.Equal(0, await stranger.ReceiveAsync(new byte[1]));
        }

        await new KeeperDoor(Door).SettleAsync();
    }

    [Fact]
    public async Task NoKeeper_LaunchAndStart_SayWhichIsMissing()
    {
        QemuLauncher launcher = new(QemuScope.Never, "/nonexistent/keeper.sock");

        QemuLaunchException e = await Assert.ThrowsAsync<QemuLaunchException>(() => launcher.LaunchAsync(_host.EmptyMachine(), QemuHost.Limit));
        Assert.StartsWith("QEMU of VM web-1 cannot be launched: the keeper at /nonexistent/keeper.sock (qemu.keeper) cannot be reached: ", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(launcher.SettleAsync);
    }

    [Fact]
    public void SecondKeeperOfOneSocket_IsRefused()
    {
        Assert.Throws<IOException>(() => GuestKeeper.Open(Door));
    }

    [Fact]
    public void Socket_IsForItsOwnerOnly()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Door));
    }

    private async Task<LaunchedQemu> LaunchAsync(QemuCommandLine line) => await new QemuLauncher(QemuScope.Never, Door).LaunchAsync(line, QemuHost.Limit);

    private async Task ServeAsync(GuestKeeper keeper)
    {
        using (keeper)
        {
            await keeper.RunAsync(_stop.Token);
        }
    }
}
