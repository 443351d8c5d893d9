using Coordinator.AgentProtocol;
using Coordinator.Domain;

namespace Coordinator.Agent.Sessions;

/// <summary>How the source is to carry out one attempt; durable together with its start, so that the agent can finish it alone after a crash.</summary>
internal sealed record AttemptPlan(AttemptNo Attempt, string DestinationHost, string HandoffAddress, string StreamUri, MigrationSettings Settings)
{
    /// <summary>The shortest deadline that leaves a healthy switchover alone: a coordinator that sends 0 must not freeze and yank every guest.</summary>
    private const int DeadlineMsAtLeast = 100;

    private const int DeadlineMsDefault = 5_000;

    public TimeSpan SwitchoverDeadline =>
        TimeSpan.FromMilliseconds(Settings.SwitchoverDeadlineMs <= 0 ? DeadlineMsDefault : Math.Max(DeadlineMsAtLeast, Settings.SwitchoverDeadlineMs));
}

/// <summary>What the destination remembers of one attempt besides its register.</summary>
/// <param name="Attempt">Which.</param>
/// <param name="Settings">Of its migration.</param>
/// <param name="SourceHost">Whose agent may speak for the source; empty in records of earlier versions.</param>
internal sealed record ArrivalPlan(AttemptNo Attempt, MigrationSettings Settings, string SourceHost = "")
{
    private const int VerifyMsAtMost = 60_000;

    /// <summary>For how long the rings are read after the guest runs here.</summary>
    public TimeSpan Verify => TimeSpan.FromMilliseconds(Math.Clamp(Settings.VerifyMs, 0, VerifyMsAtMost));
}
