using Coordinator.Domain.Migration;

namespace Coordinator.Simulation;

/// <summary>The events of one VM. Linear: a write succeeds only behind the last event that its writer knows, as by the unique index of the real one.</summary>
public sealed class VmJournal
{
    private readonly List<VmEvent> _events = [];

    public int Count => _events.Count;

    /// <summary>What the events so far add up to.</summary>
    public VmState State { get; private set; } = VmState.Initial;

    /// <summary>Counts restorations: what was on its way to the database that is replaced never gets into the other one.</summary>
    public int Generation { get; private set; }

    /// <returns>False when somebody else has written behind that event.</returns>
    public bool TryAppend(int expectedCount, IReadOnlyList<VmEvent> events)
    {
        if (expectedCount != _events.Count)
        {
            return false;
        }

        foreach (VmEvent happened in events)
        {
            _events.Add(happened);
            State = VmTransitions.Apply(State, happened);
        }

        return true;
    }

    /// <summary>A journal without its unique index: the newest writer's state is what stands in it.</summary>
    public void AppendAnyway(VmState writer, IReadOnlyList<VmEvent> events)
    {
        _events.AddRange(events);
        State = events.Aggregate(writer, VmTransitions.Apply);
    }

    public void RestoreFromBackup(int count)
    {
        Generation++;
        _events.RemoveRange(count, _events.Count - count);
        State = Replay();
    }

    public VmState Replay()
    {
        VmState state = VmState.Initial;
        foreach (VmEvent happened in _events)
        {
            state = VmTransitions.Apply(state, happened);
        }

        return state;
    }
}
