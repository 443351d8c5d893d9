using Coordinator.Agent.Tests.Support;
using Coordinator.AgentProtocol;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>What is refused before the guest is touched, in one sentence.</summary>
public sealed class PreparationTests
{
    public static TheoryData<string, string> Refusals => new()
    {
        { "name: [", "definition of vm-1" },
        { TwoHosts.DefinitionText().Replace("name: vm-1", "name: vm-2", StringComparison.Ordinal), "the definition is of VM vm-2 and not of vm-1" },
        { TwoHosts.DefinitionText() + "\nmemoryMiB: 60000000", "needs 60000000 MiB of memory here" },
        { TwoHosts.DefinitionText().Replace("virtio-rng-pci", "no-such-device", StringComparison.Ordinal), "'no-such-device' is not a valid device model name" },
        { TwoHosts.DefinitionText() + "\nbinary: /usr/bin/true", "does not allow the QEMU binary /usr/bin/true" },
        { TwoHosts.DefinitionText() + "\ndevices: [nic7]", "names 'nic7', and QEMU has no virtio device of that id" },
        { TwoHosts.DefinitionText("${nic}"), "the variable ${nic} has no value on host beta" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Prepare_ThatCannotEndWell_IsRejectedWithTheReasonAndLeavesNothing(string definition, string reason)
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        Guid launch = Guid.NewGuid();

        StepAnswer answer = await hosts.SendAsync(
            hosts.Beta, step => step.Prepare = new PrepareDestination { Attempt = 1, Launch = TwoHosts.Wire(launch), DefinitionYaml = definition, Settings = TwoHosts.Settings() });

        Assert.Equal(StepOutcome.Rejected, answer.Outcome);
        Assert.Contains(reason, answer.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', answer.Reason);
        Assert.False(TwoHosts.IsAlive(launch));
    }

    [Fact]
    public async Task Prepare_WithoutQemu_NamesTheBinaryAndTheHost()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync("/opt/missing/qemu");

        StepAnswer answer = await hosts.SendAsync(
            hosts.Beta, step => step.Prepare = new PrepareDestination { Attempt = 1, Launch = TwoHosts.Wire(Guid.NewGuid()), DefinitionYaml = hosts.Definition, Settings = TwoHosts.Settings() });

        Assert.Equal(
            (StepOutcome.Rejected, "no QEMU at /opt/missing/qemu on host beta: install it or name another binary in the definition"), (answer.Outcome, answer.Reason));
    }

    [Fact]
    public async Task Prepare_WhereTheGuestRuns_IsRejected()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();

        StepAnswer answer = await hosts.SendAsync(
            hosts.Alpha, step => step.Prepare = new PrepareDestination { Attempt = 1, Launch = TwoHosts.Wire(Guid.NewGuid()), DefinitionYaml = hosts.Definition, Settings = TwoHosts.Settings() });

        Assert.Equal(StepOutcome.Rejected, answer.Outcome);
        Assert.Contains("the guest is on this host already", answer.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prepare_AfterAnAttemptThatFailedToLaunch_Succeeds()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        string broken = hosts.Definition.Replace("virtio-rng-pci", "no-such-device", StringComparison.Ordinal);
        await hosts.SendAsync(hosts.Beta, step => step.Prepare = new PrepareDestination { Attempt = 1, Launch = TwoHosts.Wire(Guid.NewGuid()), DefinitionYaml = broken });
        VmReport refused = await hosts.ReportAsync(hosts.Beta, report => report.Destination.Stage == "Refused", "attempt 1 is over");
        Assert.Contains("not a valid device model name", refused.Destination.Error, StringComparison.Ordinal);

        await hosts.PrepareAsync(2, Guid.NewGuid());
    }

    [Fact]
    public async Task Rehearse_WithNobodyThere_IsNotYetDoneAndSaysWhere()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();

        StepAnswer answer = await hosts.SendAsync(hosts.Alpha, step => step.Rehearse = new Rehearse { Attempt = 1, DestinationHost = "beta", HandoffAddress = "127.0.0.1:1" });

        Assert.Equal(StepOutcome.NotYet, answer.Outcome);
        Assert.Contains("127.0.0.1:1", answer.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rehearse_OfAPreparedAttempt_MeasuresWayDiskAndClocks()
    {
        await using TwoHosts hosts = await TwoHosts.StartAsync(QemuUnderTest.PathOf("installed"));
        await hosts.LaunchAsync();
        VmReport prepared = await hosts.PrepareAsync(1, Guid.NewGuid());

        await hosts.RehearseAsync(1, prepared);

        VmReport report = await hosts.ReportAsync(hosts.Alpha, r => r.Source.Rehearsal is { Attempt: 1 }, "the rehearsal is reported");
        Rehearsal measured = report.Source.Rehearsal;
        Assert.InRange(measured.RoundTripMicros, 1, 1_000_000);
        Assert.InRange(measured.SyncMicros, 1, 1_000_000);

        // One clock: the offset is within what is claimed of it.
        Assert.InRange(Math.Abs(measured.ClockOffsetMicros), 0, measured.ClockUncertaintyMicros);
    }
}
