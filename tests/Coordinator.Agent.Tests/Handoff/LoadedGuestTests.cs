using Coordinator.Agent.Tests.Support;
using Coordinator.AgentProtocol;
using Coordinator.Lab.GuestConsole;
using Coordinator.Lab.Guests;
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
        hosts.Definition = await DefinitionAsync(qemu, console);
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

    private static async Task<string> DefinitionAsync(string qemu, string console)
    {
        GuestImage image = await GuestImage.Build();
        GuestMachine machine = new()
        {
            Qemu = await QemuBinary.At(qemu, ""),
            Image = image,
            Load = new KernelCommandLine { DirtyMib = 16, DirtyMibPerSec = 20, Address = "10.0.2.15", Peer = "10.0.2.2" },
            QmpSocket = "unused",
            ConsoleLog = console,
            MemoryMib = 128,
            Vcpus = 1,
        };

        // The agent owns the monitor; slirp in place of a tap, since these tests have no network of their own.
        List<string> arguments = [.. machine.Arguments()];
        arguments.RemoveRange(arguments.IndexOf("-qmp"), 2);
        arguments.Remove("-no-user-config");
        arguments.AddRange(["-netdev", "user,id=hostnet0", "-device", "virtio-net-pci,id=net0,netdev=hostnet0,mac=52:54:00:77:00:02,romfile="]);
        return $"""
            name: {TwoHosts.Vm}
            uuid: 6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b
            args:
            {string.Join('\n', arguments.Select(argument => $"  - '{argument}'"))}
            """;
    }
}
