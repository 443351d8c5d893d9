using Coordinator.Cli.Rendering;
using Coordinator.Cli.Tests.Support;
using Coordinator.Contracts.Api;
using Xunit;

namespace Coordinator.Cli.Tests.Rendering;

public sealed class PageTests
{
    [Fact]
    public void MigrationPage_Succeeded_ShowsTimelinePhasesBlackoutAndQueues() => Golden.Matches("describe-succeeded", MigrationPage.Full(Samples.Succeeded()));

    [Fact]
    public void MigrationPage_Refused_ShowsTheRingsAndWhatIsOwed() => Golden.Matches("describe-refused", MigrationPage.Full(Samples.Refused()));

    [Fact]
    public void MigrationPage_UnderWay_ShowsMovingIndices() => Golden.Matches("describe-iterating", MigrationPage.Full(Samples.Iterating()));

    [Fact]
    public void MigrationPage_JustRequested_HasNoEmptyParts() => Golden.Matches("describe-requested", MigrationPage.Full(Samples.Requested()));

    [Fact]
    public void MigrationPage_QemuThatDoesNotTellLoad_SaysStreamAndLoad()
    {
        var migration = Samples.Succeeded();
        migration.Blackout.ClearLoadMicros();
        migration.Blackout.StreamMicros = 75_460;

        Golden.Matches("result-without-load", MigrationPage.Result(migration));
    }

    [Fact]
    public void DoubtPage_ShowsTheEvidenceAndWhatIsOpen() => Golden.Matches("doubt", DoubtPage.Of(Samples.DoubtWithChoices()));

    [Fact]
    public void LivePage_Iterating_ShowsProgressQueuesAndNewestEvents() => Golden.Matches("live-iterating", LivePage.Of(Samples.Iterating()));

    [Fact]
    public void LivePage_LostServer_SaysSo() => Golden.Matches("live-lost-server", LivePage.Of(Samples.Requested(), "lost the coordinator at http://127.0.0.1:4050/"));

    [Fact]
    public void Lists_Migrations_AreNewestFirst()
    {
        var older = Samples.Refused();
        older.RequestedAt = Samples.At(-60_000);

        Golden.Matches("get-migrations", Lists.Migrations([older, Samples.Succeeded(), Samples.Iterating()]));
    }

    [Fact]
    public void Lists_HostsAndMachines_AreSortedByName()
    {
        Golden.Matches("get-hosts", Lists.Hosts(
        [
            new Host { Name = "beta", Connected = false, AgentVersion = "0.1.0" },
            new Host
            {
                Name = "alpha", Connected = true, Node = "akka.tcp://coordinator@127.0.0.1:4060", AgentVersion = "0.1.0+09bd8a786f5bf0a9af208d1c04f6baf7b5251586",
                HandoffAddress = "10.77.1.1:5090", MemoryAvailableMib = 18037, QemuVersions = { "7.2.22", "10.0.2" }, VirtualMachines = { "demo" },
            },
        ]));
        Golden.Matches("get-vms", Lists.VirtualMachines(
        [
            new VirtualMachine { Name = "idle", Residence = "Absent", Message = "the guest shut itself down" },
            new VirtualMachine { Name = "demo", Residence = "Resident", Host = "alpha", RunState = "running", Pid = 28825, QemuVersion = "10.0.2", MigrationId = Samples.Id },
        ]));
    }

    [Theory]
    [InlineData("Provisional", true, "7/5+2 (Provisional)")]
    [InlineData("Final", true, "7/5+2")]
    [InlineData("Final", false, "not shown")]
    public void RecordText_Kinds_AreNamedUnlessFinal(string kind, bool observable, string expected)
    {
        var record = new QueueRecord { Kind = kind, Size = 256 };
        if (observable)
            (record.LastAvailIdx, record.UsedIdx, record.Inflight) = (7, 5, 2);

        Assert.Equal(expected, QueueTable.RecordText(record));
    }

    [Fact]
    public void PhaseSpans_SecondAttempt_ListsBothStays()
    {
        var migration = Samples.Refused();
        migration.Timeline.RemoveAt(migration.Timeline.Count - 1);
        migration.Timeline.Add(new TimelineEntry { At = Samples.At(6000), Event = "MigrationScheduled", Sequence = 90 });

        var spans = PhaseSpans.Of(migration);

        Assert.Equal(["Pending", "Scheduling", "PreparingDestination", "Iterating", "Switchover", "RollingBack", "Scheduling"], spans.Select(span => span.Phase));
        Assert.Null(spans[^1].To);
        Assert.All(spans.SkipLast(1), span => Assert.NotNull(span.To));
    }
}
