using System.Collections.Immutable;

namespace Coordinator.Contracts;

/// <summary>
/// The types that may travel between nodes. Hyperion writes the position in this list in place of a name, hence:
/// <list type="bullet">
/// <item>append only; never reorder, never remove (a type that is out of use keeps its place);</item>
/// <item>never change the fields of a listed type: known types carry no field names, so an old node would read wrong values. Append a new type
/// instead;</item>
/// <item>list the records nested in messages too; enums, arrays, <see cref="ImmutableArray{T}"/> and nullable values of listed or basic types need no
/// entry.</item>
/// </list>
/// A golden test pins order and fields. What fields may hold is checked by <see cref="WireShape"/> when the node starts.
/// </summary>
public static class HyperionAllowList
{
    public static readonly ImmutableArray<Type> Types =
    [
        typeof(Nudge),
        typeof(PolicyChoice),
        typeof(StartMigration),
        typeof(CancelMigration),
        typeof(StartVirtualMachine),
        typeof(StopVirtualMachine),
        typeof(GetVm),
        typeof(WatchVm),
        typeof(UnwatchVm),
        typeof(VmAnswer),
        typeof(VmChanged),
        typeof(AgentReported),
        typeof(AgentAnswered),
        typeof(AgentSampled),
        typeof(SendToHost),
        typeof(HostSessionOpened),
        typeof(HostEntry),
        typeof(HostsOfNode),
        typeof(ProveHostOff),
        typeof(ResolveDoubt),
        typeof(HoldChanged),
        typeof(QueueMigration),
        typeof(SlotEntry),
        typeof(AdmissionReport),
        typeof(AdmissionResend),
        typeof(SlotGrant),
        typeof(SlotWaiting),
        typeof(AdmissionOrders),
        typeof(HostCapacity),
        typeof(CapacitiesOfNode),
        typeof(NudgeAnswered),
        typeof(CopyFigures),
        typeof(VmSummary),
        typeof(FleetChanges),
        typeof(ShowFleet),
        typeof(LookAtFleet),
        typeof(NodeCheck),
        typeof(NodeShown),
        typeof(CordonsChanged),
        typeof(NodeSight),
    ];
}
