using Akka.Actor;
using Akka.TestKit;
using Coordinator.Actors.Alerts;
using Coordinator.Actors.Migrations;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Coordinator.Journal;

namespace Coordinator.Actors.Tests.Migrations;

public sealed class MigrationAlertTests : MigrationKit
{
    private readonly TestProbe _alerts;

    public MigrationAlertTests()
    {
        _alerts = CreateTestProbe();
        AlertOutlet = _alerts;
    }

    [Fact]
    public async Task Doubt_IsRaisedOnceRepeatedAfterRecoveryAndEndedByEvidence()
    {
        await ToDoubt();
        Alert raised = (await _alerts.ExpectMsgAsync<RaiseAlert>(TimeSpan.FromSeconds(15))).Alert;
        Assert.Equal((AlertKind.MigrationInDoubt, 4001, "critical", FakeWorld.Vm, 1, "host-a", "host-b", false),
            (raised.Kind, raised.EventId, raised.Severity, raised.Vm, raised.Attempt, raised.Source, raised.Destination, raised.Repetition));
        Assert.Contains("source host-a is Switching", raised.Evidence, StringComparison.Ordinal);
        Assert.Contains("\"kind\":\"MigrationInDoubt\"", raised.ToJson(), StringComparison.Ordinal);

        Region.Tell(new FakeRegion.KillEntity());
        Assert.Equal(raised.Id, (await _alerts.ExpectMsgAsync<WithdrawAlert>(TimeSpan.FromSeconds(15))).Id);
        Alert again = (await _alerts.ExpectMsgAsync<RaiseAlert>(TimeSpan.FromSeconds(15))).Alert;
        Assert.Equal(raised with { Repetition = true }, again);

        World.A.Unreachable = World.B.Unreachable = false;
        World.Release();
        await Terminal();
        Alert ended = (await _alerts.ExpectMsgAsync<RaiseAlert>(TimeSpan.FromSeconds(15))).Alert;
        Assert.Equal(AlertKind.DoubtEnded, ended.Kind);
        Assert.Contains("by evidence", ended.Evidence, StringComparison.Ordinal);
        Assert.Equal(raised.Id, (await _alerts.ExpectMsgAsync<WithdrawAlert>(TimeSpan.FromSeconds(15))).Id);
        await Terminal();
        Assert.False(_alerts.HasMessages);
    }

    [Fact]
    public async Task EndOfADoubt_IsToldAgainAfterARecovery()
    {
        await ToDoubt();
        World.A.Unreachable = World.B.Unreachable = false;
        World.Release();
        await Terminal();
        Alert ended = ((RaiseAlert)await _alerts.FishForMessageAsync(x => x is RaiseAlert { Alert.Kind: AlertKind.DoubtEnded }, TimeSpan.FromSeconds(15))).Alert;

        Region.Tell(new FakeRegion.KillEntity());

        Alert again = ((RaiseAlert)await _alerts.FishForMessageAsync(x => x is RaiseAlert { Alert.Repetition: true }, TimeSpan.FromSeconds(15))).Alert;
        Assert.Equal(ended with { Repetition = true }, again);
    }

    [Theory]
    [InlineData(false, "GuestLost, carried out by the word of ann: ticket 4711")]
    [InlineData(true, "GuestRunsAtDestination, by evidence; the word of ann: ticket 4711, Lost, was not carried out")]
    public void EndOfADoubt_SaysWhetherTheWordWasCarriedOut(bool runs, string sentence)
    {
        DoubtResolution lost = new(DoubtChoice.Lost, new SignedWord("ann", "ticket 4711"), [], Record: null);
        MigrationState m = new(Guid.NewGuid(), new HostName("host-a"), LaunchId.None, new HostName("host-b"), new MigrationPolicy())
        {
            Attempt = new AttemptNo(1),
            Phase = MigrationPhase.InDoubt,
            Resolution = lost,
        };
        VmState before = VmState.Initial with { Migration = m };
        VmEvent ended = runs ? new VmEvent.GuestRunsAtDestination(m.Attempt) : new VmEvent.GuestLost(m.Attempt, "given up");
        VmState after = before with { Migration = m with { Phase = runs ? MigrationPhase.Verifying : MigrationPhase.Lost } };

        Alert alert = Assert.Single(new VmAlerts(new VmName("web-1"), "node").Of(before, new TimelineRecord(new VmRecord(ended, DateTimeOffset.UnixEpoch, "node"), 7), after));

        Assert.Equal(AlertKind.DoubtEnded, alert.Kind);
        Assert.StartsWith(sentence, alert.Evidence, StringComparison.Ordinal);
        Assert.Equal("ann", alert.Word!.By);
    }

    private async Task ToDoubt()
    {
        await StartVm();
        World.Held.Add(QemuStepKind.Loads);
        await Migrate(policy: Policy with { SwitchoverDeadlineMs = 100, IterateDeadlineMs = 1_000 });
        await Phase(MigrationPhase.Switchover);
        World.A.Unreachable = World.B.Unreachable = true;
        await Phase(MigrationPhase.InDoubt);
    }
}
