using Coordinator.Agent.Tests.Support;
using Coordinator.AgentProtocol;
using Xunit.Abstractions;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>The handoff with certificates: it works as without them, and neither side speaks with another host than the one it means.</summary>
public sealed class CertificateTests(ITestOutputHelper output)
{
    private readonly Guid _launch = Guid.NewGuid();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Migration_WithAndWithoutCertificates_IsHandedOverDirectly(bool tls)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.Simulated, tls: tls);
        await hosts.LaunchAsync();
        VmReport prepared = await hosts.PrepareAsync(1, _launch, sourceHost: "alpha");
        await hosts.RehearseAsync(1, prepared);
        await hosts.StartAsync(1, prepared);

        await hosts.ReportAsync(hosts.Beta, report => report.Guest is { Alive: true, RunState: "running" } && report.Destination.Stage == "Running", "the guest runs on beta");

        VmReport rehearsed = await hosts.ReportAsync(hosts.Alpha, report => report.Source.Rehearsal is { RoundTripMicros: > 0 }, "the rehearsal is measured");
        Assert.Equal(0, hosts.Coordinator.Carried);
        output.WriteLine($"round trip {(tls ? "with" : "without")} certificates: {rehearsed.Source.Rehearsal.RoundTripMicros} us, register's sync {rehearsed.Source.Rehearsal.SyncMicros} us");
    }

    [Fact]
    public async Task Source_ThatFindsAnotherHostThanItMeans_RefusesItByName()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.Simulated, tls: true);
        await hosts.LaunchAsync();
        VmReport prepared = await hosts.PrepareAsync(1, _launch, sourceHost: "alpha");

        StepAnswer answer = await hosts.SendAsync(hosts.Alpha, step => step.Rehearse = new Rehearse
        {
            Attempt = 1,
            DestinationHost = "gamma",
            HandoffAddress = prepared.HandoffAddress,
            DestinationStore = prepared.StoreInstance,
        });

        Assert.Equal(StepOutcome.NotYet, answer.Outcome);
        Assert.Contains("the certificate of agent 'beta'", answer.Reason, StringComparison.Ordinal);
        Assert.Contains("is refused: host 'beta' where 'gamma' is expected", answer.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Destination_ThatIsCalledByAnotherHostThanTheSource_RefusesItByName()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.Simulated, tls: true);
        await hosts.LaunchAsync();
        VmReport prepared = await hosts.PrepareAsync(1, _launch, sourceHost: "gamma");

        StepAnswer answer = await hosts.SendAsync(hosts.Alpha, step => step.Rehearse = new Rehearse
        {
            Attempt = 1,
            DestinationHost = "beta",
            HandoffAddress = prepared.HandoffAddress,
            DestinationStore = prepared.StoreInstance,
        });

        Assert.Equal(StepOutcome.NotYet, answer.Outcome);
        Assert.Contains("is refused: host 'alpha' where 'gamma' is expected", answer.Reason, StringComparison.Ordinal);
        await Eventually.TrueAsync(
            () => hosts.Beta.Output.Contains("is refused: host 'alpha' where 'gamma' is expected", StringComparison.Ordinal), () => $"the refusing side names it too\n{hosts.Log}");
    }
}
