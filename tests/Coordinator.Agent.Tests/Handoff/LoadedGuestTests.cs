using Coordinator.Agent.Tests.Support;
using Coordinator.AgentProtocol;
using Coordinator.Lab.GuestConsole;
using Xunit.Abstractions;

namespace Coordinator.Agent.Tests.Handoff;

/// <summary>A Linux guest that works while it is moved: ticks, pages that are rewritten and verified, datagrams through its virtio-net.</summary>
public sealed class LoadedGuestTests(ITestOutputHelper output)
{
    private const int Hops = 4;

    [Theory]
    [MemberData(nameof(QemuUnderTest.Versions), MemberType = typeof(QemuUnderTest))]
    public async Task Guest_UnderLoad_GoesThereAndBackWithEveryTickAndEveryPage(string version)
    {
        string qemu = QemuUnderTest.PathOf(version);
        await using TwoHosts hosts = await TwoHosts.StartAsync(qemu);
        string console = Path.Combine(hosts.Folder, "console.log");
        hosts.Definition = await LinuxGuest.DefinitionAsync(qemu, console);
        ConsoleLogs logs = new(console);
        await hosts.LaunchAsync();
        await logs.WaitForTick(50, Eventually.Limit);
        Guid source = hosts.Launch;
        for (int attempt = 1; attempt <= Hops; attempt++)
        {
            (TestHost from, TestHost to) = attempt % 2 == 1 ? (hosts.Alpha, hosts.Beta) : (hosts.Beta, hosts.Alpha);
            Guid launch = Guid.NewGuid();

            await hosts.BeginAsync(attempt, launch, destination: to);

            VmReport after = await hosts.RunsAtDestinationAsync(attempt, to);
            VmReport before = await hosts.ReportAsync(from, report => report.Source is { Stage: "HandedOver", RegisterAnswer: "Running" } && report.Source.Attempt == attempt, "handed over");
            await hosts.AcceptedAsync(from, step => step.EndSource = new EndSource { Attempt = attempt, Launch = TwoHosts.Wire(source) });
            await hosts.ReportAsync(from, report => report.Source.Stage == "Gone", "the source's QEMU is gone");
            await logs.WaitForMoreTicks(50, Eventually.Limit);
            QueueReading[] final = [.. before.Source.FinalRecords.SelectMany(device => device.Queues)];
            QueueReading[] first = [.. after.Destination.FirstRecords.SelectMany(device => device.Queues)];
            Assert.Contains(final, queue => queue.LastAvailIdx > 0 && queue.DescAddress > 0);
            Assert.Equal(final.Select(queue => (queue.LastAvailIdx, queue.UsedIdx, queue.DescAddress)), first.Select(queue => (queue.LastAvailIdx, queue.UsedIdx, queue.DescAddress)));
            output.WriteLine(BlackoutText.Of(before, after));
            source = launch;
        }

        ConsoleReport report = logs.Read();
        output.WriteLine(report.ToString());
        Assert.True(report.IsIntact, report.ToString());
        Assert.True(report.PagesChecked > 0);
        Assert.Contains(hosts.Coordinator.Samples, sample => sample.Pass is { TotalBytes: > 0, TransferredBytes: > 0 });
    }

    [Theory]
    [MemberData(nameof(QemuUnderTest.Versions), MemberType = typeof(QemuUnderTest))]
    public async Task Switchover_StuckInTheNetworkWithASilentMonitor_IsBrokenOffByAnAgentThatWasRestarted(string version)
    {
        string qemu = QemuUnderTest.PathOf(version);
        await using TwoHosts hosts = await TwoHosts.StartAsync(qemu, alphaInProcess: false);
        string console = Path.Combine(hosts.Folder, "console.log");
        hosts.Definition = await LinuxGuest.DefinitionAsync(qemu, console);
        ConsoleLogs logs = new(console);
        await hosts.LaunchAsync();
        await logs.WaitForTick(50, Eventually.Limit);

        // A limit on the downtime so wide that QEMU stops the guest with most of its memory still to be sent: it holds its main lock over all of that.
        MigrationSettings settings = new() { DowntimeLimitMs = 60_000, BandwidthBytesPerSec = 1L << 30, SwitchoverDeadlineMs = 10_000, VerifyMs = 0 };
        VmReport prepared = await hosts.PrepareAsync(1, Guid.NewGuid(), settings);
        await hosts.RehearseAsync(1, prepared);
        await using StreamRelay network = new(prepared.Destination.StreamUri, bytesPerSec: 4 << 20);
        await hosts.StartAsync(1, prepared, settings, network.Uri);
        await hosts.ReportAsync(hosts.Alpha, report => report.Source is { Stage: "Switching" or "NotObserved", Times.Stop: not 0 }, "the guest stands still");
        network.StandStill();

        await hosts.Alpha.KillProcessAsync();
        hosts.Alpha.StartProcess();

        await hosts.StaysAtSourceAsync(1);
        ConsoleReport report = await logs.WaitForMoreTicks(50, Eventually.Limit);
        Assert.True(report.IsIntact, report.ToString());
        Assert.Contains("were ended through the kernel", hosts.Alpha.Output, StringComparison.Ordinal);
    }
}
