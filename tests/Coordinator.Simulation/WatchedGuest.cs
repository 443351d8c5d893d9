using Coordinator.Domain.Handoff;

namespace Coordinator.Simulation;

/// <summary>A QEMU that its agent follows, and what is asked of it.</summary>
internal sealed class WatchedGuest(Machine machine)
{
    public Machine Machine => machine;

    public bool IsArriving { get; set; }

    public bool IsObserving { get; set; }

    public bool LooksAgain { get; set; }

    public bool IsExitTold { get; set; }

    public int Generation { get; set; }

    public long Sequence { get; set; }

    public long Heard { get; set; }

    public QemuView? Sight { get; set; }

    /// <summary>Questions and commands that wait for the monitor.</summary>
    public List<Action> Pending { get; } = [];

    public void AnswerAll()
    {
        Action[] pending = [.. Pending];
        Pending.Clear();
        foreach (Action answer in pending)
        {
            answer();
        }
    }
}
