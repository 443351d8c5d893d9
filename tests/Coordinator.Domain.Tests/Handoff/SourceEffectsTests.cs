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
