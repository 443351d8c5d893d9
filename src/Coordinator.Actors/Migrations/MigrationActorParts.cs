using Akka.Actor;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Alerts;
using Coordinator.Actors.Draining;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Actors.HostFencing;
using Coordinator.Actors.Metrics;
using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Migrations;

/// <summary>What an entity needs from its node.</summary>
/// <param name="Mail">Way to the host agents.</param>
/// <param name="Hosts">Hosts known to this node.</param>
/// <param name="Clock">Wall clock, for the journal's envelope only.</param>
/// <param name="Node">Address of this node, for the journal's envelope.</param>
public sealed record MigrationActorParts(IHostMail Mail, IHostDirectory Hosts, TimeProvider Clock, string Node)
{
    /// <summary>The operator's way to prove a host off.</summary>
    public IFencingHook Fencing { get; init; } = NoFencingHook.Instance;

    /// <summary>Of this node.</summary>
    public CoordinatorMetrics Metrics { get; init; } = new();

    /// <summary>Takes <see cref="RaiseAlert"/> and <see cref="WithdrawAlert"/>.</summary>
    public IActorRef Alerts { get; init; } = ActorRefs.Nobody;

    /// <summary>This node's <see cref="AdmissionDeskActor"/>; nobody where slots are not rationed.</summary>
    public IActorRef Admission { get; init; } = ActorRefs.Nobody;

    /// <summary>How long a migration waits after so many attempts, before the next.</summary>
    public Func<int, TimeSpan> BackOffAfter { get; init; } = _ => TimeSpan.Zero;

    /// <summary>The fleet's hold as this node knows it; changes are told by <see cref="HoldShown"/> on the event stream.</summary>
    public HoldBoard Hold { get; init; } = new();

    /// <summary>The cordons as this node knows them; changes are told by <see cref="CordonsShown"/> on the event stream.</summary>
    public CordonBoard Cordons { get; init; } = new();

    /// <summary>Gets a line after every change, for lists of the whole fleet.</summary>
    public FleetFeed Fleet { get; init; } = new();
}

/// <summary>Time to look at what is outstanding.</summary>
internal sealed class DriveDue : INoSerializationVerificationNeeded
{
    internal static readonly DriveDue Instance = new();
}

/// <summary>Time to tell watchers about samples; changes are told at once.</summary>
internal sealed class PublishDue : INoSerializationVerificationNeeded
{
    internal static readonly PublishDue Instance = new();
}

/// <summary>Time to show newer figures in the fleet's list.</summary>
internal sealed class FleetDue : INoSerializationVerificationNeeded
{
    internal static readonly FleetDue Instance = new();
}

/// <summary>Nothing was asked of an absent VM for a while.</summary>
internal sealed class IdleDue : INoSerializationVerificationNeeded
{
    internal static readonly IdleDue Instance = new();
}

/// <summary>The queues were watched for long enough.</summary>
internal sealed class JudgeDue : INoSerializationVerificationNeeded
{
    internal static readonly JudgeDue Instance = new();
}

/// <summary>What the fencing hook said.</summary>
internal sealed record HookAnswered(HookRun Run, RequestId Request, FencingAnswer Answer) : INoSerializationVerificationNeeded;

internal sealed record DeadlineDue(VmEffect.ArmDeadline Deadline) : INoSerializationVerificationNeeded;

/// <summary>For tests: the state that the entity goes by, to be compared with its journal's.</summary>
internal sealed record ShowState : INoSerializationVerificationNeeded;

internal sealed record StateShown(VmState State, long Sequence) : INoSerializationVerificationNeeded;
