using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>A QEMU that dies (SIGKILL) in each phase of a handoff.</summary>
public sealed class QemuDeathTests
{
    [Fact]
    public async Task Destination_KilledWhileItListens_IsRefusedAndNamed()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();
        await hosts.PrepareAsync(1, launch);

        await Disturbance.KillAsync(launch);

        VmReport refused = await hosts.ReportAsync(hosts.Beta, report => report.Destination is { Stage: "Refused", Listening: false }, "refused");
        Assert.Contains("the QEMU of attempt 1 ended", refused.Destination.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task Destination_KilledWhileMemoryIsCopied_LeavesTheGuestAtTheSource(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version));
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();
        await hosts.BeginAsync(1, launch, RefusedHandoffTests.Slow());
        await hosts.ReportAsync(hosts.Alpha, report => report.Guest?.MigrationStatus == "active", "copying");

        await Disturbance.KillAsync(launch);

        VmReport home = await hosts.StaysAtSourceAsync(1);
        Assert.Equal(0, home.Source.Times.Stop);
        await hosts.ReportAsync(hosts.Beta, report => report.Destination.Stage == "Refused", "refused");
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task Destination_KilledWhileTheGuestStandsStill_GivesTheGuestBackToTheSource(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version));
        Guid launch = Guid.NewGuid();
        await hosts.BeginFrozenAsync(launch, () => TwoHosts.QemuOf(launch).Pid, report => report.Source.Stage == "Switching", "the guest stands still");

        await Disturbance.KillAsync(launch);

        VmReport home = await hosts.StaysAtSourceAsync(1);
        Assert.NotEqual(0, home.Source.Times.Stop);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task Destination_KilledWhenLoadedAndUndecided_IsRefusedByItsAgentAndTheSourceResumes(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), betaInProcess: false);
        Guid launch = Guid.NewGuid();
        await hosts.LaunchAsync();
        await hosts.BeginUnansweredAsync(launch, report => report.Source.Completed == 1);

        await Disturbance.KillAsync(launch);
        hosts.Beta.GoOn();

        VmReport home = await hosts.StaysAtSourceAsync(1);
        Assert.Equal(1, home.Source.Refused);
    }

    /// <summary>The register's file says refused and the store takes nothing of it: the source is answered from the file, and its guest does not stand still until somebody has made room.</summary>
    [Fact]
    public async Task Destination_KilledBeforeItContinuedAndWithdrawnOnAFullDisk_AnswersWhatItsRegisterSays()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("10"), betaInProcess: false, betaDiskMebibytes: 32);
        Guid launch = Guid.NewGuid();
        await hosts.LaunchAsync();
        await hosts.BeginUnansweredAsync(launch, report => report.Source.Completed == 1);
        await hosts.Beta.GoOnUntilAsync("agent.register.set-run.after");
        await Disturbance.KillAsync(launch);
        await hosts.Beta.GoOnUntilAsync("agent.register.withdraw.after");

        hosts.BetaDisk!.Fill();
        hosts.Beta.GoOn();

        VmReport home = await hosts.StaysAtSourceAsync(1);
        Assert.Equal(1, home.Source.Refused);
        Assert.Contains("no space is left", hosts.Beta.Output, StringComparison.Ordinal);
        hosts.BetaDisk.Empty();
        await hosts.BeginAsync(2, Guid.NewGuid());
        await hosts.RunsAtDestinationAsync(2);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task Source_KilledWhenCompletedAndRecorded_IsReleasedFromTheRecord(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), betaInProcess: false);
        Guid launch = Guid.NewGuid();
        await hosts.LaunchAsync();
        await hosts.BeginUnansweredAsync(launch, report => report.Source.Completed == 1);

        await Disturbance.KillAsync(hosts.Launch);
        await hosts.ReportAsync(hosts.Alpha, report => report.Source.Stage == "Gone", "the source's QEMU is gone");
        hosts.Beta.GoOn();

        await hosts.RunsAtDestinationAsync(1);
    }

    [Fact]
    public async Task Source_KilledWhileMemoryIsCopied_LeavesNoCopyAndSaysSo()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();
        await hosts.BeginAsync(1, launch, RefusedHandoffTests.Slow());
        await hosts.ReportAsync(hosts.Alpha, report => report.Guest?.MigrationStatus == "active", "copying");

        await Disturbance.KillAsync(hosts.Launch);

        await hosts.ReportAsync(hosts.Alpha, report => report.Source.Stage == "Gone" && report.Guest is { Alive: false }, "gone");
        await hosts.ReportAsync(hosts.Beta, report => report.Destination.Stage == "Refused", "refused");
    }
}
