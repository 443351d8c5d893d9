using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Xunit;

namespace Coordinator.Domain.Tests.Handoff;

public sealed class SourceEffectsTests
{
    private static readonly AttemptNo s_attempt = new(1);
    private static readonly LaunchId s_launch = new(Guid.NewGuid());
    private static readonly StoreInstanceId s_store = new(Guid.NewGuid());

    [Fact]
    public void ContinueSwitchover_SentButStillInPreSwitchover_IsSentAgain()
    {
        SourceHandoff state = After(Copying(), Seen(MigrationStatus.PreSwitchover), new SourceInput.ContinueIssued(s_attempt), Seen(MigrationStatus.PreSwitchover));

        Assert.Equal([new SourceEffect.ContinueSwitchover(s_attempt)], SourceDecisions.Effects(state));
    }

    [Fact]
    public void ContinueSwitchover_AfterTheDeadline_FollowsTheYankSoThatTheBrokenStreamIsFound()
    {
        SourceHandoff passed = After(
            Copying(), Seen(MigrationStatus.PreSwitchover), new SourceInput.ContinueIssued(s_attempt), Seen(MigrationStatus.PreSwitchover), new SourceInput.SwitchoverDeadlinePassed(s_attempt));
        SourceHandoff yanked = After(passed, new SourceInput.YankIssued(s_attempt), Seen(MigrationStatus.PreSwitchover));

        Assert.Equal([new SourceEffect.YankStream(s_attempt)], SourceDecisions.Effects(passed));
        Assert.Equal([new SourceEffect.ContinueSwitchover(s_attempt)], SourceDecisions.Effects(yanked));
    }

    [Fact]
    public void Deadline_OfASourceWhoseMonitorIsSilent_YanksOncePerDeadline()
    {
        SourceHandoff silent = After(Copying().AfterRestart(), new SourceInput.SwitchoverDeadlinePassed(s_attempt));
        SourceHandoff yanked = After(silent, new SourceInput.YankIssued(s_attempt));
        SourceHandoff again = After(yanked, new SourceInput.SwitchoverDeadlinePassed(s_attempt));

        Assert.Equal([new SourceEffect.Observe(), new SourceEffect.YankStream(s_attempt)], SourceDecisions.Effects(silent));
        Assert.Equal([new SourceEffect.Observe()], SourceDecisions.Effects(yanked));
        Assert.Equal([new SourceEffect.Observe(), new SourceEffect.YankStream(s_attempt)], SourceDecisions.Effects(again));
    }

    /// <summary>A guest that its user had paused, back home after a refused attempt: <c>migrate</c> answers "Can't migrate the vm that was paused due to previous migration" (QEMU, migration.c).</summary>
    [Theory]
    [InlineData(MigrationStatus.Completed)]
    [InlineData(MigrationStatus.Cancelled)]
    public void Start_OfAGuestThatStandsStillSinceAnEarlierMigration_IsRejected(MigrationStatus earlier)
    {
        SourceHandoff home = SourceHandoff.Initial with
        {
            Records = SourceRecords.Empty with { Started = s_attempt, Launch = s_launch, GuestWasRunning = false, Completed = s_attempt, Refused = s_attempt },
            Issued = s_attempt,
            View = new QemuView(s_launch, Alive: true, RunState.PostMigrate, earlier),
        };
        Assert.Equal(SourceStage.Home, home.Stage);

        Decision<CommandReply, SourceEvent> decision = SourceDecisions.Decide(home, new SourceInput.Start(s_attempt.Next, s_store));

        Assert.Equal((ReplyKind.Rejected, true), (decision.Reply.Kind, decision.Events.IsEmpty));
    }

    private static SourceHandoff Copying() => After(
        SourceHandoff.Initial,
        new SourceInput.Observed(new QemuView(s_launch, Alive: true, RunState.Running, MigrationStatus.None)),
        new SourceInput.Start(s_attempt, s_store),
        new SourceInput.MigrateIssued(s_attempt),
        new SourceInput.Observed(new QemuView(s_launch, Alive: true, RunState.Running, MigrationStatus.Active)));

    private static SourceInput Seen(MigrationStatus status) => new SourceInput.Observed(new QemuView(s_launch, Alive: true, RunState.FinishMigrate, status));

    private static SourceHandoff After(SourceHandoff state, params SourceInput[] inputs) =>
        inputs.Aggregate(state, (before, input) => SourceDecisions.Decide(before, input).Events.Aggregate(before, SourceDecisions.Apply));
}
