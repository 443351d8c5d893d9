using Coordinator.Agent.Tests.Support;
using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>Guests that somebody else started: their run state is kept, and what somebody else does to them later is noticed.</summary>
public sealed class AdoptedGuestTests
{
    [Theory]
    [MemberData(nameof(QemuUnderTest.Versions), MemberType = typeof(QemuUnderTest))]
    public async Task Guest_ThatNeverRan_ArrivesAndIsNotContinued(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version));
        await using ForeignQemu qemu = await ForeignQemu.StartAsync(QemuUnderTest.PathOf(version), hosts.Folder, running: false);
        await AdoptAsync(hosts, qemu, "prelaunch");

        await hosts.BeginAsync(1, Guid.NewGuid());

        VmReport there = await hosts.ReportAsync(hosts.Beta, report => report.Destination is { Stage: "Running", Running: 1 } && report.Guest is { Alive: true }, "owned there");
        Assert.Equal("prelaunch", there.Guest.RunState);
        Assert.Equal(0, there.Destination.Times.ContSent);
        await hosts.ReportAsync(hosts.Alpha, report => report.Source.RegisterAnswer == "Running", "handed over");
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Versions), MemberType = typeof(QemuUnderTest))]
    public async Task Guest_PausedByItsUser_ArrivesPausedAlsoWhenTheDestinationAgentIsKilledBeforeItDecides(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), betaInProcess: false);
        await using ForeignQemu qemu = await ForeignQemu.StartAsync(QemuUnderTest.PathOf(version), hosts.Folder, running: true);
        await qemu.SayAsync("stop");
        await AdoptAsync(hosts, qemu, "paused");
        await hosts.BeginUnansweredAsync(Guid.NewGuid());

        await hosts.Beta.KillProcessAsync();
        hosts.Beta.StartProcess();

        VmReport there = await hosts.ReportAsync(hosts.Beta, report => report.Destination is { Stage: "Running", Running: 1 } && report.Guest is { Alive: true }, "owned there");
        Assert.Equal("paused", there.Guest.RunState);
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Versions), MemberType = typeof(QemuUnderTest))]
    public async Task Source_ContinuedByAThirdParty_IsStoppedAlarmedAndTheRegisterDecides(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version), betaInProcess: false);
        await using ForeignQemu qemu = await ForeignQemu.StartAsync(QemuUnderTest.PathOf(version), hosts.Folder, running: true);
        await AdoptAsync(hosts, qemu, "running");
        await hosts.BeginUnansweredAsync(Guid.NewGuid(), report => report.Guest?.RunState == "postmigrate");

        await qemu.SayAsync("cont");

        await Eventually.TrueAsync(() => hosts.Alpha.Output.Contains("ALARM", StringComparison.Ordinal), () => hosts.Log);
        await Eventually.TrueAsync(() => qemu.SayAsync("query-status").GetAwaiter().GetResult().Contains("\"running\": false", StringComparison.Ordinal), () => "the copy is stopped");
        await hosts.ReportAsync(hosts.Alpha, report => report.Source.Stage == "HandedOver", "stopped again");
        hosts.Beta.GoOn();

        // The copy that the destination holds is older than what ran here: one of the two goes on, and never both. Here the release had been sent, and the register takes the first message.
        await Eventually.TrueAsync(
            () => hosts.Coordinator.Report("beta", TwoHosts.Vm)?.Destination.Stage is "Running" or "Refused", () => $"{FakeCoordinator.Brief(hosts.Coordinator.Report("beta", TwoHosts.Vm))} {hosts.Log}");
        bool ranThere = hosts.Coordinator.Report("beta", TwoHosts.Vm)!.Destination.Stage == "Running";
        await hosts.ReportAsync(hosts.Alpha, report => ranThere ? report.Source.RegisterAnswer == "Running" : report.Guest?.RunState == "running", "the register's word is followed");
        string status = await qemu.SayAsync("query-status");
        Assert.Equal(!ranThere, status.Contains("\"running\": true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Guest_Stopped_ByAPerson_ShowsInTheReport()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await using ForeignQemu qemu = await ForeignQemu.StartAsync(QemuUnderTest.PathOf("installed"), hosts.Folder, running: true);
        await AdoptAsync(hosts, qemu, "running");

        await qemu.SayAsync("stop");

        await hosts.ReportAsync(hosts.Alpha, report => report.Guest?.RunState == "paused", "paused");
    }

    private static async Task AdoptAsync(TwoHosts hosts, ForeignQemu qemu, string runState)
    {
        hosts.Definition = qemu.Definition;
        await hosts.AcceptedAsync(hosts.Alpha, step => step.Launch = new LaunchVm { Launch = TwoHosts.Wire(hosts.Launch), DefinitionYaml = hosts.Definition });
        await hosts.ReportAsync(hosts.Alpha, report => report.Guest is { Alive: true } guest && guest.RunState == runState && report.Source.Machine.Length > 0, $"adopted {runState}");
    }
}
