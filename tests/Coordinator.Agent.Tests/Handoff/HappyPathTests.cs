using Coordinator.AgentProtocol;
using Xunit.Abstractions;

namespace Coordinator.Agent.Tests.Handoff;

public sealed class HappyPathTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task Migration_OfARunningGuest_RunsAtTheDestinationAndTheSourceIsEnded(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version));
        await hosts.LaunchAsync();
        Guid launch = Guid.NewGuid();

        await hosts.BeginAsync(1, launch);
        VmReport there = await hosts.RunsAtDestinationAsync(1);

        VmReport here = await hosts.ReportAsync(hosts.Alpha, report => report.Source is { Stage: "HandedOver", RegisterAnswer: "Running", Completed: 1 }, "the source is handed over");
        Assert.Equal(["net0", "rng0"], there.Destination.FirstRecords.Select(device => device.Path.Split('/')[3]));
        Assert.Equal(here.Source.FinalRecords.Select(device => device.Path), there.Destination.FirstRecords.Select(device => device.Path));
        await hosts.AcceptedAsync(hosts.Alpha, step => step.EndSource = new EndSource { Attempt = 1, Launch = TwoHosts.Wire(hosts.Launch) });
        await hosts.ReportAsync(hosts.Alpha, report => report.Source.Stage == "Gone" && report.Guest is { Alive: false }, "the source's QEMU is gone");
        Assert.False(TwoHosts.IsAlive(hosts.Launch));
        Assert.True(TwoHosts.IsAlive(launch));
        output.WriteLine(BlackoutText.Of(here, there));
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Drivers), MemberType = typeof(QemuUnderTest))]
    public async Task Migration_ThereAndBackAndThere_EachIsTheSourceOfTheNext(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version));
        await hosts.LaunchAsync();
        Guid source = hosts.Launch;
        for (int attempt = 1; attempt <= 6; attempt++)
        {
            bool there = attempt % 2 == 1;
            (TestHost from, TestHost to) = there ? (hosts.Alpha, hosts.Beta) : (hosts.Beta, hosts.Alpha);
            Guid launch = Guid.NewGuid();

            await hosts.BeginAsync(attempt, launch, destination: to);

            VmReport after = await hosts.RunsAtDestinationAsync(attempt, to);
            VmReport before = await hosts.ReportAsync(from, report => report.Source is { Stage: "HandedOver", RegisterAnswer: "Running" } && report.Source.Attempt == attempt, "handed over");
            await hosts.AcceptedAsync(from, step => step.EndSource = new EndSource { Attempt = attempt, Launch = TwoHosts.Wire(source) });
            await hosts.ReportAsync(from, report => report.Source.Stage == "Gone", "the source's QEMU is gone");
            output.WriteLine(BlackoutText.Of(before, after));
            source = launch;
        }
    }
}
