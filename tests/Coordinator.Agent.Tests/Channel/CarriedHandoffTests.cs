using Coordinator.Agent.Tests.Support;
using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Tests.Channel;

public sealed class CarriedHandoffTests
{
    [Theory]
    [MemberData(nameof(QemuUnderTest.Versions), MemberType = typeof(QemuUnderTest))]
    public async Task Handoff_WithoutADirectLink_IsCarriedByTheCoordinator(string version)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf(version));
        await hosts.LaunchAsync();
        VmReport prepared = await hosts.PrepareAsync(1, Guid.NewGuid());

        // Nobody listens there, and no rehearsal has opened a channel.
        prepared.HandoffAddress = "127.0.0.1:1";
        await hosts.StartAsync(1, prepared);

        await hosts.RunsAtDestinationAsync(1);
        await hosts.ReportAsync(hosts.Alpha, report => report.Source is { Stage: "HandedOver", RegisterAnswer: "Running" }, "the answer came back");
        Assert.True(hosts.Coordinator.Carried >= 2);
    }

    [Fact]
    public async Task Handoff_WithTheDestinationAgentRestarted_DialsAgain()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"), betaInProcess: false);
        await hosts.LaunchAsync();
        VmReport prepared = await hosts.PrepareAsync(1, Guid.NewGuid());
        await hosts.RehearseAsync(1, prepared);
        await hosts.Beta.KillProcessAsync();
        hosts.Beta.StartProcess();

        await hosts.StartAsync(1, prepared);

        await hosts.RunsAtDestinationAsync(1);
        await hosts.ReportAsync(hosts.Alpha, report => report.Source.RegisterAnswer == "Running", "the answer came back");
    }
}
