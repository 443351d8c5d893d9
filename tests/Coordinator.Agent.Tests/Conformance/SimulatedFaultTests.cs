using Coordinator.Agent.Processes;
using Coordinator.AgentProtocol;
using Coordinator.Qmp;

namespace Coordinator.Agent.Tests.Conformance;

/// <summary>What can be made to happen to a simulated guest on request; with a real one the same needs a doctored stream or a network that is frozen at the right moment.</summary>
public sealed class SimulatedFaultTests
{
    /// <summary>Measured on both versions: with the stream's network frozen no in-band command is answered, for as long as one waits, and yank is.</summary>
    [Fact]
    public async Task Monitor_WhileTheTailIsStuck_AnswersNothingButYank()
    {
        await using DriverHost host = new("simulated");
        DriverPair pair = await (await host.PairAsync("""-simulated, "tailBytes=67108864" """)).HeldInDeviceAsync();

        Task<System.Text.Json.JsonElement> asked = pair.Source.Monitor.ExecuteAsync(new QmpCommand("query-status"), Timeout.InfiniteTimeSpan);
        await pair.Source.YankAsync();
        Assert.Equal("running", (await asked.WaitAsync(Eventually.Limit)).GetProperty("status").GetString());
        await pair.Source.UntilAsync("running/failed");
    }

    [Fact]
    public async Task Load_ThatFails_EndsTheDestinationAndResumesTheSource()
    {
        await using DriverHost host = new("simulated");
        DriverPair pair = await (await host.PairAsync("""-simulated, "load=fails" """)).PausedAsync();

        await pair.Source.ContinueSwitchoverAsync();

        await pair.Source.UntilAsync("running/failed");
        Assert.Equal(1, (await pair.Destination.ExitAsync()).Code);
    }

    /// <summary>QEMU's own "Guest index 0x0 inconsistent with Host index": completed on both sides, no event.</summary>
    [Fact]
    public async Task Load_WithABrokenRing_IsSaidToBeComplete()
    {
        await using DriverHost host = new("simulated");
        DriverPair pair = await (await host.PairAsync("""-simulated, "load=broken-ring" """)).CompletedAsync();

        Assert.True((await pair.Destination.Monitor.QueryVirtioStatusAsync("/machine/peripheral/disk0/virtio-backend")) is { IsBroken: true, NeedsReset: true });
    }

    /// <summary>The gate is the agent's, and it is the same with both drivers.</summary>
    [Theory]
    [InlineData("broken-ring")]
    [InlineData("other-index")]
    public async Task Handoff_OfRingsThatDiffer_IsRefusedAndTheGuestRunsOnAtTheSource(string fault)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync("simulated");
        hosts.Definition = TwoHosts.DefinitionText().Replace("args: [", $"""args: [-simulated, "load={fault}", """, StringComparison.Ordinal);
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();

        await hosts.BeginAsync(1, launch);

        await hosts.StaysAtSourceAsync(1);
        VmReport there = await hosts.ReportAsync(hosts.Beta, report => report.Destination.Stage == "Refused", "the copy was refused");
        Assert.NotEmpty(there.Destination.GateFindings);
        Assert.False(TwoHosts.IsAlive(launch));
    }

    [Fact]
    public async Task Option_ThatIsNotKnown_IsRefusedAtLaunchInItsWords()
    {
        await using DriverHost host = new("simulated");
        QemuLaunchException e = await Assert.ThrowsAsync<QemuLaunchException>(() => host.LaunchAsync("""-simulated, "speed=9" """));
        Assert.Contains("Invalid parameter 'speed'", e.Message, StringComparison.Ordinal);
    }
}
