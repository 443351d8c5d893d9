using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>Agents that are killed (SIGKILL, no time to say anything) in each phase: guests live on, streams go on, and the next life finishes the handoff.</summary>
public sealed class AgentRestartTests
{
    [Fact]
    public async Task Guest_SurvivesItsAgent_AndIsAdopted()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"), alphaInProcess: false);
        await hosts.LaunchAsync();
        VmReport before = hosts.Coordinator.Report("alpha", TwoHosts.Vm)!;

        await RestartAsync(hosts, hosts.Alpha);

        VmReport after = await hosts.ReportAsync(hosts.Alpha, report => report.AgentLife != before.AgentLife && report.Guest is { RunState: "running" }, "adopted");
        Assert.Equal(before.Guest, after.Guest);
        Assert.Equal(before.StoreInstance, after.StoreInstance);
        Assert.Equal(before.FloorEpoch, after.FloorEpoch);
    }

    [Fact]
    public async Task Agent_ToldToEnd_EndsInOrderAndLeavesTheGuestRunning()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"), alphaInProcess: false);
        await hosts.LaunchAsync();
        System.Diagnostics.Process agent = hosts.Alpha.Process!;

        Disturbance.Terminate(agent.Id);
        await agent.WaitForExitAsync();

        Assert.Equal(0, agent.ExitCode);
        Assert.True(TwoHosts.IsAlive(hosts.Launch));
    }

    [Fact]
    public async Task Agent_OnAStateDirectoryInUse_SaysSoAndEnds()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        TestHost second = hosts.Alpha;

        second.StartProcess();
        System.Diagnostics.Process agent = second.Process!;
        await agent.WaitForExitAsync();

        Assert.Equal(74, agent.ExitCode);
        Assert.Contains(second.StateDirectory, second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task SourceAgent_KilledWhileMemoryIsCopied_AdoptsTheStreamAndFinishes(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), alphaInProcess: false);
        await hosts.LaunchAsync();
        await hosts.BeginAsync(1, Guid.NewGuid(), RefusedHandoffTests.Slow());
        VmReport before = await hosts.ReportAsync(hosts.Alpha, report => report.Guest?.MigrationStatus == "active", "copying");

        await RestartAsync(hosts, hosts.Alpha);

        VmReport after = await hosts.ReportAsync(hosts.Alpha, report => report.AgentLife != before.AgentLife && report.Source.Attempt == 1 && report.Guest is not null, "adopted");
        Assert.Equal(before.Guest.Pid, after.Guest.Pid);
        await hosts.RunsAtDestinationAsync(1);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task SourceAgent_KilledWhileTheGuestStandsStill_FinishesInItsNextLife(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), alphaInProcess: false);
        Guid launch = Guid.NewGuid();
        await hosts.BeginFrozenAsync(launch, () => TwoHosts.QemuOf(launch).Pid, report => report.Source.Stage == "Switching", "the guest stands still");

        await hosts.Alpha.KillProcessAsync();
        Disturbance.Thaw(TwoHosts.QemuOf(launch).Pid);
        hosts.Alpha.StartProcess();

        await hosts.RunsAtDestinationAsync(1);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task SourceAgent_KilledWhileTheGuestStandsStill_KeepsTheDeadlineInItsNextLife(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), alphaInProcess: false);
        Guid launch = Guid.NewGuid();
        await hosts.BeginFrozenAsync(launch, () => TwoHosts.QemuOf(launch).Pid, report => report.Source.Stage == "Switching", "the guest stands still", TwoHosts.Settings(switchoverDeadlineMs: 4_000));

        await RestartAsync(hosts, hosts.Alpha);

        await hosts.StaysAtSourceAsync(1);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task SourceAgent_KilledAfterItReleased_ReleasesAgain(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), alphaInProcess: false, betaInProcess: false);
        await hosts.LaunchAsync();
        await hosts.BeginUnansweredAsync(Guid.NewGuid());

        await hosts.Alpha.KillProcessAsync();
        hosts.Beta.GoOn();
        hosts.Alpha.StartProcess();

        await hosts.RunsAtDestinationAsync(1);
        await hosts.ReportAsync(hosts.Alpha, report => report.Source is { Stage: "HandedOver", RegisterAnswer: "Running", Completed: 1 }, "handed over");
    }

    /// <summary>Its guest came, and left again or ended: a new life of the agent has to look whether that process is gone, or the VM could never come back to this host.</summary>
    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task FormerDestination_RestartedWithoutItsGuest_TakesTheNextAttemptAtTheSameAddress(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), betaInProcess: false);
        await hosts.LaunchAsync();
        await hosts.BeginAsync(1, Guid.NewGuid());
        VmReport before = await hosts.RunsAtDestinationAsync(1);
        await hosts.Beta.KillGuestsAsync();
        await hosts.ReportAsync(hosts.Beta, report => report.Guest is { Alive: false }, "the guest has ended there");

        await RestartAsync(hosts, hosts.Beta);

        VmReport prepared = await hosts.PrepareAsync(2, Guid.NewGuid());
        Assert.NotEqual(before.AgentLife, prepared.AgentLife);
        Assert.Equal(before.HandoffAddress, prepared.HandoffAddress);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task DestinationAgent_KilledWhileItReceives_AdoptsItsQemuAndFinishes(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), betaInProcess: false);
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();
        await hosts.BeginAsync(1, launch, RefusedHandoffTests.Slow());
        await hosts.ReportAsync(hosts.Alpha, report => report.Guest?.MigrationStatus == "active", "copying");
        int pid = TwoHosts.QemuOf(launch).Pid;

        await RestartAsync(hosts, hosts.Beta);

        VmReport there = await hosts.RunsAtDestinationAsync(1);
        Assert.Equal(pid, there.Guest.Pid);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task DestinationAgent_KilledBeforeItDecided_DecidesInItsNextLife(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), betaInProcess: false);
        await hosts.LaunchAsync();
        await hosts.BeginUnansweredAsync(Guid.NewGuid());

        await RestartAsync(hosts, hosts.Beta);

        VmReport there = await hosts.RunsAtDestinationAsync(1);
        Assert.Equal(2, there.Destination.FirstRecords.Count);
    }

    [Fact]
    public async Task DestinationAgent_KilledWhileItListens_ListensInItsNextLifeToo()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("10"), betaInProcess: false);
        await hosts.LaunchAsync();
        VmReport before = await hosts.PrepareAsync(1, Guid.NewGuid());

        await RestartAsync(hosts, hosts.Beta);

        VmReport after = await hosts.ReportAsync(
            hosts.Beta, report => report.AgentLife != before.AgentLife && report.Destination is { Stage: "Receiving", Listening: true, Machine.Length: > 0 }, "listens");
        Assert.Equal(before.Destination.StreamUri, after.Destination.StreamUri);
        await hosts.RehearseAsync(1, after);
        await hosts.StartAsync(1, after);
        await hosts.RunsAtDestinationAsync(1);
    }

    [Fact]
    public async Task DestinationAgent_KilledAfterTheGuestRuns_StillSaysSo()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"), betaInProcess: false);
        await hosts.LaunchAsync();
        await hosts.BeginAsync(1, Guid.NewGuid());
        VmReport before = await hosts.RunsAtDestinationAsync(1);

        await RestartAsync(hosts, hosts.Beta);

        VmReport after = await hosts.ReportAsync(hosts.Beta, report => report.AgentLife != before.AgentLife && report.Destination.Stage == "Running" && report.Guest is { RunState: "running" }, "runs");
        Assert.Equal(before.Guest.Pid, after.Guest.Pid);
    }

    [Fact]
    public async Task DestinationAgent_ThatLostItsStore_AnswersUnknownAndTheSourceStaysDown()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"), betaInProcess: false);
        Guid launch = Guid.NewGuid();
        await hosts.LaunchAsync();
        await hosts.BeginUnansweredAsync(launch, settings: TwoHosts.Settings(switchoverDeadlineMs: 300));

        await hosts.Beta.KillProcessAsync();
        Directory.Delete(hosts.Beta.StateDirectory, recursive: true);
        hosts.Beta.StartProcess();

        // The deadline has long passed: it asks for refusal, and "unknown" is no refusal.
        VmReport doubt = await hosts.ReportAsync(hosts.Alpha, report => report.Source.RegisterAnswer == "Unknown", "in doubt");
        Assert.Equal(("HandedOver", 0), (doubt.Source.Stage, doubt.Source.Refused));
        Assert.Equal("postmigrate", doubt.Guest.RunState);
        Assert.True(TwoHosts.IsAlive(launch));
    }

    private static async Task RestartAsync(TwoHosts hosts, TestHost host)
    {
        await host.KillProcessAsync();
        await Eventually.TrueAsync(() => !hosts.Coordinator.IsConnected(host.Name), () => "the coordinator sees the end of the stream");
        host.StartProcess();
    }
}
