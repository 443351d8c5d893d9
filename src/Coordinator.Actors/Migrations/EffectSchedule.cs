using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Migrations;

/// <summary>
/// When each outstanding effect is next sent, and under which step number. The number stays the same for one effect within one incarnation and
/// one agent life, so that a repetition hits the agent's step log; an agent that restarted may have forgotten what it had only noted, and is asked
/// anew. A fence gets a new number each time: it asks for a report, and a repetition that is answered from the log brings none.
/// </summary>
internal sealed class EffectSchedule
{
    /// <summary>A first repetition costs little; what is still outstanding after some of them waits for a host or for QEMU.</summary>
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan s_lastDelay = TimeSpan.FromSeconds(2);

    private readonly Dictionary<Key, Slot> _slots = [];
    private long _lastStep;

    /// <summary>When the next effect is due; null when nothing is outstanding.</summary>
    public TimeSpan? NextDue => _slots.Count == 0 ? null : _slots.Values.Min(s => s.DueAt);

    /// <summary>Keeps what is still wanted, forgets the rest, and returns what is due now.</summary>
    public IReadOnlyList<(VmEffect Effect, long Step)> TakeDue(IReadOnlyCollection<Key> wanted, TimeSpan now)
    {
        foreach (Key gone in _slots.Keys.Except(wanted).ToList())
        {
            _slots.Remove(gone);
        }

        List<(VmEffect, long)> due = [];
        foreach (Key key in wanted)
        {
            if (!_slots.TryGetValue(key, out Slot? slot))
            {
                slot = new Slot(++_lastStep) { DueAt = now };
                _slots.Add(key, slot);
            }

            if (slot.DueAt <= now)
            {
                if (key.Effect is VmEffect.Fence && slot.IsSent)
                {
                    slot.Step = ++_lastStep;
                }

                slot.IsSent = true;
                slot.DueAt = now + slot.Delay;
                slot.Delay = slot.Delay * 2 < s_lastDelay ? slot.Delay * 2 : s_lastDelay;
                due.Add((key.Effect, slot.Step));
            }
        }

        return due;
    }

    /// <summary>The effect that a step stands for, if it is still outstanding.</summary>
    public VmEffect? EffectOf(long step) => _slots.FirstOrDefault(s => s.Value.Step == step).Key?.Effect;

    /// <summary>What an agent said instead of "accepted", for people who ask what is being waited for.</summary>
    public void NoteReason(long step, string reason)
    {
        if (_slots.Values.FirstOrDefault(s => s.Step == step) is { } slot)
        {
            slot.Reason = reason;
        }
    }

    public IEnumerable<(VmEffect Effect, string Reason)> Reasons => _slots.Where(s => s.Value.Reason.Length > 0).Select(s => (s.Key.Effect, s.Value.Reason));

    /// <summary>Step numbers belong to an epoch: a new claim begins anew.</summary>
    public void Restart()
    {
        _slots.Clear();
        _lastStep = 0;
    }

    /// <param name="Effect">What is to be done.</param>
    /// <param name="AgentLife">Life of the agent that is asked; empty while it is not known.</param>
    /// <param name="Round">Distinguishes requests of the same kind that are all meant, such as for a fresh report.</param>
    internal sealed record Key(VmEffect Effect, Guid AgentLife, long Round = 0);

    private sealed class Slot(long step)
    {
        public long Step { get; set; } = step;

        public bool IsSent { get; set; }

        public TimeSpan DueAt { get; set; }

        public TimeSpan Delay { get; set; } = s_firstDelay;

        public string Reason { get; set; } = "";
    }
}
