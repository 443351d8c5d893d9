using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Simulated;
using Xunit;

namespace Coordinator.Agent.Tests.Processes;

/// <summary>Guests without a process of their own are to agents what QEMUs are: found by their launch, told apart, killed and waited for.</summary>
public sealed class SimulatedGuestsTests : IAsyncLifetime
{
    private readonly QemuHost _host = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;

    private string Door => Path.Combine(_host.Directory, "door", "keeper.sock");

    public Task InitializeAsync()
    {
        GuestKeeper keeper = GuestKeeper.Open(Door, new SimulatedGuests(history: null));
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
    public async Task Guest_AnswersAndIsFound_AndItsMachineEndsWithItsKilledProcess()
    {
        QemuCommandLine line = Simulated();
        using LaunchedQemu guest = await LaunchAsync(line);

        Assert.Equal("prelaunch", (string?)(await QemuHost.AskAsync(guest.MonitorPath, "query-status"))["return"]!["status"]);
        Assert.Equal([guest.Process.Identity], QemuLauncher.FindLaunch(line.LaunchId));
        Assert.Equal(line.VmName, ProcessTable.GuestOf(guest.Process.Identity.Pid).Name);
        Assert.True(await guest.Process.KillAsync(QemuHost.Limit));
        await Eventually.TrueAsync(() => !File.Exists(guest.MonitorPath), "its socket is removed");
        Assert.Empty(QemuLauncher.FindLaunch(line.LaunchId));
    }

    [Fact]
    public async Task GuestThatQuits_EndsByItself()
    {
        using LaunchedQemu guest = await LaunchAsync(Simulated());

        await QemuHost.AskAsync(guest.MonitorPath, "quit");

        // Whoever of this process's two watches comes first reaps it and learns the code.
        QemuExit exit = await guest.Process.WaitForExitAsync().WaitAsync(QemuHost.Limit);
        Assert.Null(exit.Signal);
    }

    [Fact]
    public async Task UnusableArguments_AreRefusedWithTheirReason()
    {
        QemuLaunchException e = await Assert.ThrowsAsync<QemuLaunchException>(() => LaunchAsync(Simulated("-simulated", "copySeconds=9-3")));

        Assert.Contains("copySeconds=9-3,seed=0: must be seconds above 0, or two of them as in 60-120", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CopyTime_IsDrawnFromItsRange_TheSameForTheSameSeed()
    {
        CopyTime time = CopyTime.Parse("60-120", "7");
        Guid guest = Guid.Parse("6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b");
        TimeSpan[] drawn = [.. Enumerable.Range(0, 50).Select(move => time.Draw(guest, move))];

        Assert.All(drawn, lasts => Assert.InRange(lasts.TotalSeconds, 60, 120));
        Assert.Equal(drawn, Enumerable.Range(0, 50).Select(move => CopyTime.Parse("60-120", "7").Draw(guest, move)));
        Assert.True(drawn.Distinct().Count() > 40);
        Assert.Equal(TimeSpan.FromSeconds(2.5), CopyTime.Parse("2.5", "1").Draw(guest, 3));
    }

    private QemuCommandLine Simulated(params string[] more)
    {
        QemuCommandLine line = _host.EmptyMachine();
        return line with { Binary = SimulatedProgram.Binary, Arguments = [.. SimulatedProgram.FirstArguments, .. line.Arguments, .. more] };
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
