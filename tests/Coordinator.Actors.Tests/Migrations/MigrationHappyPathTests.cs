using Akka.Actor;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

public sealed class MigrationHappyPathTests : MigrationKit
{
    [Fact]
    public async Task Migration_NothingFails_SucceedsVerified()
    {
        await StartVm();

        VmAnswer accepted = await Migrate();
        Api.Migration ended = await Terminal();

        Assert.Equal(AnswerKind.Accepted, accepted.Kind);
        Assert.Equal(accepted.MigrationId, ended.Id);
        Assert.Equal("Succeeded", ended.Phase);
        Assert.Equal("Verified", ended.Verdict);
        Assert.Equal("", ended.Reason);
        Assert.Equal(("host-b", "Resident"), ((await Machine()).Host, (await Machine()).Residence));
        Assert.Empty(ended.Owed);
        Assert.NotNull(ended.EndedAt);
        await AssertSound();
    }

    [Fact]
    public async Task Migration_Succeeded_TellsTimelineBlackoutRehearsalAndQueues()
    {
        await StartVm();
        await Migrate();

        Api.Migration ended = await Terminal();

        Assert.Equal(
            [
                "MigrationRequested", "MigrationScheduled", "AttemptOpened", "DestinationPrepared", "RehearsalCompleted", "SwitchoverAuthorized",
                    "IterationCompleted", "IterationCompleted",
                "SwitchoverEntered", "GuestRunsAtDestination", "BlackoutMeasured", "QueuesJudged", "VerdictReached", "DebtSettled", "MigrationEnded",
            ],
            ended.Timeline.Select(t => t.Event).Where(e => e != "IncarnationStarted").Order(Comparer(ended)).ToList());
        Assert.Equal((1, 0L, 257L << 20, 256L << 20, 310L), (ended.Progress.Pass, ended.Progress.RemainingBytes, ended.Progress.TransferredBytes, ended.Progress.TotalBytes, ended.Progress.ElapsedMs));
        Assert.Equal(8_000, ended.Blackout.TotalMicros);
        Assert.False(ended.Blackout.HasLoadMicros);
        Assert.Equal(900, ended.Rehearsal.SyncMicros);
        Assert.Equal(["rx0", "tx0", "ctrl"], ended.Queues.Select(q => q.Name));
        Assert.All(ended.Queues, q => Assert.Equal("Equal", q.Outcome));
        Assert.All(ended.Queues, q => Assert.Equal((100u, 100u), (q.Source.LastAvailIdx, q.Destination.LastAvailIdx)));
        Assert.Equal(["Progressed", "Progressed", "Progressed"], ended.Queues.Select(q => q.Progress));
        await AssertSound();
    }

    [Fact]
    public async Task Authorisation_StandsInTheJournal_BeforeTheStartIsSent()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);

        await Migrate();
        await Phase(MigrationPhase.Iterating);

        await Eventually(() => Task.FromResult(World.A.Steps.Any(s => s.Start is not null)), "the start is sent");
        Assert.Contains("SwitchoverAuthorized", EventNames);
        AgentProtocol.StartAttempt start = World.A.Steps.Last(s => s.Start is not null).Start;
        Assert.Equal(("host-b:7001", "tcp:host-b:7002", "host-b"), (start.HandoffAddress, start.StreamUri, start.DestinationHost));
        World.Release();
        Assert.Equal("Verified", (await Terminal()).Verdict);
    }

    [Fact]
    public async Task Request_Repeated_GetsTheFirstOnesMigration()
    {
        await StartVm();
        VmAnswer first = await Migrate();
        await Terminal();

        VmAnswer second = await Migrate();

        Assert.Equal((AnswerKind.Accepted, first.MigrationId), (second.Kind, second.MigrationId));
        Assert.Single(EventNames, "MigrationRequested");
    }

    /// <summary>Found by rounds of cluster chaos: who repeated a request after eight later migrations was told that the VM had none.</summary>
    [Fact]
    public async Task Request_RepeatedAfterManyMigrations_IsToldHowItsOwnEnded()
    {
        await StartVm();
        VmAnswer first = await Migrate();
        await Terminal();
        foreach (int number in Enumerable.Range(2, 10))
        {
            await Migrate(number % 2 == 0 ? "host-a" : "host-b", $"{number}");
            await Terminal();
        }

        VmAnswer again = await Migrate();

        Assert.Equal((AnswerKind.Accepted, first.MigrationId), (again.Kind, again.MigrationId));
        Api.Migration told = Api.Migration.Parser.ParseFrom(again.Migration);
        Assert.Equal((first.MigrationId, "host-b", "Succeeded", "Verified"), (told.Id, told.DestinationHost, told.Phase, told.Verdict));
        Assert.Equal(11, EventNames.Count(name => name == "MigrationRequested"));
    }

    [Fact]
    public async Task Vm_MigratedThereAndBack_IsWhereItBegan()
    {
        await StartVm();
        foreach ((string to, string request) in new[] { ("host-b", "1"), ("host-a", "2"), ("host-b", "3") })
        {
            VmAnswer accepted = await Migrate(to, request);
            Assert.Equal(AnswerKind.Accepted, accepted.Kind);
            Api.Migration ended = await Terminal();
            Assert.Equal(("Succeeded", "Verified", accepted.MigrationId), (ended.Phase, ended.Verdict, ended.Id));
            Assert.Equal(to, (await Machine()).Host);
        }

        await AssertSound();
    }

    [Fact]
    public async Task OldMigration_IsToldById()
    {
        await StartVm();
        VmAnswer first = await Migrate();
        await Terminal();
        await Migrate("host-a", "2");
        await Terminal();

        Api.Migration old = await Migration(first.MigrationId);

        Assert.Equal(("host-b", "Succeeded"), (old.DestinationHost, old.Phase));
        Assert.Equal(AnswerKind.NotFound, (await Insist(new GetVm(FakeWorld.Vm, Guid.NewGuid().ToString()))).Kind);
    }

    [Fact]
    public async Task Watcher_IsToldTheWholeNowAndEveryChange()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Converges);
        Region.Tell(new WatchVm(FakeWorld.Vm), TestActor);
        VmChanged first = ExpectMsg<VmChanged>(TimeSpan.FromSeconds(10));
        Assert.Empty(first.Migration);

        await Migrate();
        long version = first.Version;
        List<string> phases = [];
        World.Sample(60);
        World.Sample(70);
        Api.Migration seen = new();
        while (seen.Progress?.Pass != 2)
        {
            seen = Api.Migration.Parser.ParseFrom(ExpectMsg<VmChanged>(TimeSpan.FromSeconds(20)).Migration);
            World.Sample(80);
        }

        World.Release();
        while (!seen.Terminal)
        {
            VmChanged change = ExpectMsg<VmChanged>(TimeSpan.FromSeconds(20));
            Assert.True(change.Version >= version, "the version grows");
            version = change.Version;
            seen = Api.Migration.Parser.ParseFrom(change.Migration);
            phases.Add(seen.Phase);
        }

        Assert.Equal("Succeeded", seen.Phase);
        Assert.Contains("Verifying", phases);
    }

    [Fact]
    public async Task StalledTransmitQueue_MakesTheVerdictSuspectAndNamesIt()
    {
        World.Rings.TransmitStalls = true;
        await StartVm();
        await Migrate();

        Api.Migration ended = await Terminal();

        Assert.Equal(("Succeeded", "Suspect"), (ended.Phase, ended.Verdict));
        Assert.Contains("net0 tx0", ended.Reason, StringComparison.Ordinal);
        await AssertSound();
    }

    [Fact]
    public async Task ClosedGate_SourceKeepsTheGuestAndTheVerdictNamesTheQueue()
    {
        World.Rings.LoadIsWrong = true;
        await StartVm();
        await Migrate();

        Api.Migration ended = await Terminal();

        Assert.Equal(("Failed", "Refused"), (ended.Phase, ended.Verdict));
        Assert.Contains("net0 tx0: used_idx differs", ended.Reason, StringComparison.Ordinal);
        Assert.Equal("Mismatch", ended.Queues.Single(q => q.Name == "tx0").Outcome);
        Assert.Equal("host-a", (await Machine()).Host);
        await AssertSound();
    }

    [Fact]
    public async Task StoppedVm_IsAbsentAndPassivates()
    {
        await StartVm();

        await Insist(new StopVirtualMachine(FakeWorld.Vm, "stop-1"));
        await Eventually(async () => (await Machine()).Residence == "Absent", "the VM is gone");

        Assert.Equal("stopped on request", (await Machine()).Message);
        await AssertSound(running: 0);
    }

    /// <summary>The timeline is in journal order already; the comparer only puts the late settling of the debt where the test expects it.</summary>
    private static IComparer<string> Comparer(Api.Migration migration)
    {
        List<string> order = migration.Timeline.Select(t => t.Event).ToList();
        return System.Collections.Generic.Comparer<string>.Create((a, b) => Rank(a).CompareTo(Rank(b)));

        int Rank(string name) => name == "DebtSettled" ? (order.IndexOf("VerdictReached") * 2) + 1 : order.IndexOf(name) * 2;
    }
}
