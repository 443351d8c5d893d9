using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>Epochs accepted by one agent for one VM never decrease, and an equal one is accepted of the same incarnation only. A new store is a new agent.</summary>
public static class EpochOrder
{
    public const string Name = "epoch order";

    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryRecord> history)
    {
        List<Violation> violations = [];
        Dictionary<(VmName, HostName, StoreInstanceId), EpochAccepted> floors = [];
        foreach (EpochAccepted accepted in history.OfType<EpochAccepted>())
        {
            (VmName, HostName, StoreInstanceId) keeper = (accepted.Vm, accepted.Host, accepted.Store);
            if (floors.TryGetValue(keeper, out EpochAccepted? floor))
            {
                string? wrong = accepted.Epoch < floor.Epoch ? "a lower one"
                    : accepted.Epoch == floor.Epoch && accepted.Incarnation != floor.Incarnation ? "the same one of another incarnation"
                    : null;
                if (wrong is not null)
                {
                    violations.Add(new(Name, accepted.Vm, accepted.AtMicros,
                        $"the agent of {accepted.Host} accepted for {accepted.Vm} epoch {floor.Epoch} of incarnation {floor.Incarnation} at {Moment.Ms(floor.AtMicros)} "
                        + $"and then {wrong}, epoch {accepted.Epoch} of incarnation {accepted.Incarnation}, at {Moment.Ms(accepted.AtMicros)}"));
                    continue;
                }
            }

            floors[keeper] = accepted;
        }

        return violations;
    }
}
