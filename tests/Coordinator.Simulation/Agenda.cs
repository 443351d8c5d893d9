namespace Coordinator.Simulation;

/// <summary>What happens when, in virtual microseconds; of two things at the same time the one that was noted first. The only driver of time.</summary>
public sealed class Agenda
{
    private readonly PriorityQueue<Action, (long At, long Order)> _due = new();
    private long _order;

    public long NowMicros { get; private set; }

    public long NowMs => NowMicros / 1_000;

    public TimeSpan Now => TimeSpan.FromMicroseconds(NowMicros);

    public void After(long micros, Action happens) => _due.Enqueue(happens, (NowMicros + micros, _order++));

    /// <summary>False when nothing is left to happen.</summary>
    public bool Step()
    {
        if (!_due.TryDequeue(out Action? happens, out (long At, long Order) when))
        {
            return false;
        }

        NowMicros = when.At;
        happens();
        return true;
    }
}
