using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// Runs the decisions of one whole handoff on made-up states, so that .NET has compiled them before a guest stands still: the first call of each of these methods would
/// otherwise take its milliseconds inside the blackout. No state of any VM is touched.
/// </summary>
internal static class HandoffDryRun
{
    private static readonly StoreInstanceId s_store = new(Guid.NewGuid());

    /// <summary>Calls after which the runtime's first tier has done its work; the second compiles in the background.</summary>
    private const int Times = 30;

    public static void Run()
    {
        for (int i = 0; i < Times; i++)
        {
            RunSource();
            RunDestination();
        }
    }

    private static void RunSource()
    {
        LaunchId launch = new(Guid.NewGuid());
        AttemptNo attempt = new(1);
        SourceHandoff state = SourceHandoff.Initial;
        SourceInput[] inputs =
        [
            new SourceInput.Observed(new QemuView(launch, Alive: true, RunState.Running, MigrationStatus.None)),
            new SourceInput.Start(attempt, s_store),
            new SourceInput.MigrateIssued(attempt),
            new SourceInput.Observed(new QemuView(launch, Alive: true, RunState.Running, MigrationStatus.Active)),
            new SourceInput.Observed(new QemuView(launch, Alive: true, RunState.FinishMigrate, MigrationStatus.PreSwitchover)),
            new SourceInput.ContinueIssued(attempt),
            new SourceInput.Observed(new QemuView(launch, Alive: true, RunState.FinishMigrate, MigrationStatus.Device)),
            new SourceInput.Observed(new QemuView(launch, Alive: true, RunState.PostMigrate, MigrationStatus.Completed)),
            new SourceInput.RegisterAnswered(new RegisterReply(attempt, RegisterAnswer.Undecided)),
            new SourceInput.RegisterAnswered(new RegisterReply(attempt, RegisterAnswer.Run)),
            new SourceInput.CompletionStored(attempt),
            new SourceInput.RegisterAnswered(new RegisterReply(attempt, RegisterAnswer.Running)),
        ];
        EffectLedger<SourceEffect> ledger = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        foreach (SourceInput input in inputs)
        {
            state = SourceDecisions.Decide(state, input).Events.Aggregate(state, SourceDecisions.Apply);
            ledger.Perform(SourceDecisions.Effects(state), 0, (_, _) => Task.CompletedTask, ended => ended());
        }
    }

    private static void RunDestination()
    {
        LaunchId launch = new(Guid.NewGuid());
        AttemptNo attempt = new(1);
        DestinationHandoff state = DestinationHandoff.Initial;
        DestinationInput[] inputs =
        [
            new DestinationInput.Prepare(attempt, launch),
            new DestinationInput.LaunchIssued(attempt),
            new DestinationInput.Observed(new QemuView(launch, Alive: true, RunState.InMigrate, MigrationStatus.Active)),
            new DestinationInput.Observed(new QemuView(launch, Alive: true, RunState.Paused, MigrationStatus.Completed)),
            new DestinationInput.FromSource(new SourceMessage.Released(attempt, s_store, GuestWasRunning: true), s_store),
            new DestinationInput.GateJudged(attempt, IsOpen: true),
            new DestinationInput.ContinueSending(attempt),
            new DestinationInput.Observed(new QemuView(launch, Alive: true, RunState.Running, MigrationStatus.Completed)),
        ];
        EffectLedger<DestinationEffect> ledger = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        foreach (DestinationInput input in inputs)
        {
            state = DestinationDecisions.Decide(state, input).Events.Aggregate(state, DestinationDecisions.Apply);
            ledger.Perform(DestinationDecisions.Effects(state), 0, (_, _) => Task.CompletedTask, ended => ended());
        }
    }
}
