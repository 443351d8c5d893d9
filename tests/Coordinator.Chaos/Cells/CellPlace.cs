using Coordinator.Chaos.Laboratory;
using Coordinator.Contracts.Api;
using Coordinator.Lab.Deployments;

namespace Coordinator.Chaos.Cells;

internal enum Holder
{
    Server,
    SourceAgent,
    DestinationAgent,
}

internal enum Moment
{
    Before,
    After,
}

/// <summary>Where in a migration a process stands when a fault strikes.</summary>
/// <param name="Phase">Public phase, as the coordinator has it or is about to have it.</param>
/// <param name="Name">Short, unique.</param>
/// <param name="Holder">Who stands still at the failpoint; it is itself one of those that a fault may strike.</param>
/// <param name="Point">Of the failpoint, without its moment; empty when the place is in the middle of a copy that takes seconds.</param>
internal sealed record CellPlace(string Phase, string Name, Holder Holder, string Point)
{
    /// <summary>The released message is kept back until the deadline has passed, so that the source asks for refusal.</summary>
    public bool IsRollback { get; init; }

    /// <summary>Of the policy. Short where the fault strikes in the switchover, so that its deadline is met; where it strikes before, the switchover is to be an ordinary one.</summary>
    public int SwitchoverDeadlineMs { get; init; } = 1_000;

    public bool IsMidCopy => Point.Length == 0;

    public static readonly CellPlace Preparing = new("PreparingDestination", "register-opened", Holder.DestinationAgent, "agent.destination.persist.register-opened");
    public static readonly CellPlace Starting = new("Iterating", "attempt-started", Holder.SourceAgent, "agent.source.persist.attempt-started");
    public static readonly CellPlace MidCopy = new("Iterating", "mid-copy", Holder.SourceAgent, "") { SwitchoverDeadlineMs = 5_000 };
    public static readonly CellPlace PreSwitchover = new("Switchover", "migrate-continue", Holder.SourceAgent, "agent.source.effect.continue-switchover");
    public static readonly CellPlace Releasing = new("Switchover", "released", Holder.SourceAgent, "agent.handoff.released");
    public static readonly CellPlace Deciding = new("Switchover", "register-run", Holder.DestinationAgent, "agent.register.set-run");
    public static readonly CellPlace Resuming = new("Switchover", "cont", Holder.DestinationAgent, "agent.destination.effect.continue-guest");
    public static readonly CellPlace Verifying = new("Verifying", "guest-runs-at-destination", Holder.Server, "coordinator.persist.guest-runs-at-destination");
    public static readonly CellPlace Finishing = new("Finishing", "verdict-reached", Holder.Server, "coordinator.persist.verdict-reached");
    public static readonly CellPlace RollingBack = new("RollingBack", "refusal-stored", Holder.SourceAgent, "agent.source.persist.refusal-stored") { IsRollback = true };

    /// <summary>The places of the matrix.</summary>
    public static readonly IReadOnlyList<CellPlace> All = [Preparing, Starting, MidCopy, PreSwitchover, Releasing, Deciding, Resuming, Verifying, Finishing, RollingBack];

    /// <summary>Messages are held where they are sent and where they have arrived, which are two processes.</summary>
    public Part HolderIn(ChaosLab lab, Moment moment) => (Holder, Name, moment) switch
    {
        (_, "released", Moment.After) => lab.DestinationAgent,
        (Holder.Server, _, _) => lab.Deployment.Coordinators[0],
        (Holder.SourceAgent, _, _) => lab.SourceAgent,
        _ => lab.DestinationAgent,
    };

    /// <summary>A copy of some seconds for the place in its middle, of a moment for the others.</summary>
    public MigrationPolicy Policy()
    {
        MigrationPolicy policy = new() { VerifyMs = 200, SwitchoverDeadlineMs = SwitchoverDeadlineMs, PrepareDeadlineMs = CellRunner.PrepareDeadlineMs };
        if (IsMidCopy)
        {
            policy.BandwidthBytesPerSec = 1 << 20;
        }

        return policy;
    }
}
