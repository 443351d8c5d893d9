using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>Handoffs that end at the source.</summary>
public sealed class RefusedHandoffTests
{
    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task ParityGate_ThatFindsADifference_EndsTheCopyAndTheGuestRunsOnAtTheSource(string version)
    {
        // The stream names devices by their slot, so QEMU loads it; the agents compare by path.
        await using TwoHosts hosts = await TwoHosts.StartAsync(
            QemuUnderTest.PathOf(version), alphaVariables: "  nic: net0", betaVariables: "  nic: other0");
        hosts.Definition = TwoHosts.DefinitionText("${nic}");
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();

        await hosts.BeginAsync(1, launch);

        VmReport refused = await hosts.ReportAsync(hosts.Beta, report => report.Destination is { Stage: "Refused", RefusedUpTo: 1 }, "the destination refused");
        Assert.Contains(refused.Destination.GateFindings, finding => finding.Contains("net0", StringComparison.Ordinal) && finding.Contains("does not have this device", StringComparison.Ordinal));
        VmReport home = await hosts.StaysAtSourceAsync(1);
        Assert.Contains("does not have this device", home.Source.Error, StringComparison.Ordinal);
        Assert.Equal(1, home.Source.Refused);
        Assert.False(TwoHosts.IsAlive(launch));
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task SwitchoverDeadline_WithAFrozenDestination_BreaksOffAndTheGuestRunsAtTheSource(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version));
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();
        MigrationSettings settings = TwoHosts.Settings(switchoverDeadlineMs: 300);
        VmReport prepared = await hosts.PrepareAsync(1, launch, settings);
        await hosts.RehearseAsync(1, prepared);
        Disturbance.Freeze(TwoHosts.QemuOf(launch).Pid);

        await hosts.StartAsync(1, prepared, settings);

        VmReport home = await hosts.StaysAtSourceAsync(1);
        Assert.NotEqual(0, home.Source.Times.Stop);
        await hosts.ReportAsync(hosts.Alpha, report => report.Source.Error.Length > 0, "QEMU's reason is reported");

        // What the coordinator does then: the copy, which may have loaded when it thaws, is refused and ended.
        await hosts.AcceptedAsync(hosts.Beta, step => step.CleanUp = new CleanUpDestination { Attempt = 1 });
        await hosts.ReportAsync(hosts.Beta, report => report.Destination is { Stage: "Refused" }, "cleaned up");
        Assert.False(TwoHosts.IsAlive(launch));

        await hosts.BeginAsync(2, Guid.NewGuid());
        await hosts.RunsAtDestinationAsync(2);
    }

    /// <summary>Told to go on, the source's QEMU would complete, and the guest would stand still until the agent that keeps the register is back, however long that takes.</summary>
    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task SwitchoverDeadline_WithAFrozenDestinationAgent_BreaksOffBeforeTheMigrationGoesOn(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), betaInProcess: false);
        await hosts.BeginFrozenAsync(
            Guid.NewGuid(), () => hosts.Beta.Process!.Id, report => report.Source.Times.Stop != 0, "the guest stands still", TwoHosts.Settings(switchoverDeadlineMs: 1_000));

        VmReport home = await hosts.StaysAtSourceAsync(1);

        Assert.Equal(0, home.Source.Completed);
        Disturbance.Thaw(hosts.Beta.Process!.Id);
        await hosts.AcceptedAsync(hosts.Beta, step => step.CleanUp = new CleanUpDestination { Attempt = 1 });
        await hosts.ReportAsync(hosts.Beta, report => report.Destination is { Stage: "Refused" }, "cleaned up");
        await hosts.BeginAsync(2, Guid.NewGuid());
        await hosts.RunsAtDestinationAsync(2);
    }

    [Fact]
    public async Task Cancel_WhileMemoryIsCopied_LeavesTheGuestAtTheSource()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();
        await hosts.BeginAsync(1, launch, Slow());
        await hosts.ReportAsync(hosts.Alpha, report => report.Source.Stage == "Copying" && report.Guest?.MigrationStatus == "active", "copying");

        await hosts.AcceptedAsync(hosts.Alpha, step => step.Cancel = new CancelAttempt { Attempt = 1 });

        VmReport home = await hosts.StaysAtSourceAsync(1);
        Assert.Equal(0, home.Source.Times.Stop);
        await hosts.ReportAsync(hosts.Beta, report => report.Destination.Stage == "Refused", "the destination's QEMU has ended by itself");
    }

    [Fact]
    public async Task Cancel_BeforeTheStart_LeavesATombstoneThatRefusesTheStart()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();
        VmReport prepared = await hosts.PrepareAsync(1, Guid.NewGuid());

        await hosts.AcceptedAsync(hosts.Alpha, step => step.Cancel = new CancelAttempt { Attempt = 1 });
        StepAnswer answer = await hosts.SendAsync(hosts.Alpha, step => step.Start = new StartAttempt
        {
            Attempt = 1,
            DestinationStore = prepared.StoreInstance,
            StreamUri = prepared.Destination.StreamUri,
            HandoffAddress = prepared.HandoffAddress,
            DestinationHost = "beta",
        });

        Assert.Equal(StepOutcome.Rejected, answer.Outcome);
        Assert.Contains("was cancelled before it began", answer.Reason, StringComparison.Ordinal);
        VmReport home = await hosts.ReportAsync(hosts.Alpha, report => report.Source.Tombstone == 1, "the tombstone is reported");
        Assert.Equal((0, "Home"), (home.Source.Attempt, home.Source.Stage));
    }

    /// <summary>Some seconds of copying; the limit on the downtime is wide, because QEMU ends the copying by it.</summary>
    internal static MigrationSettings Slow() => new() { DowntimeLimitMs = 2_000, BandwidthBytesPerSec = 64 * 1024, SwitchoverDeadlineMs = 60_000, VerifyMs = 500 };
}
