using Akka.Actor;
using Coordinator.Contracts;

namespace Coordinator.Actors.Admission;

/// <summary>
/// One per node: what the entities of this node want and hold, told to the queue wherever in the cluster it is. Entities speak to it within the process, so only the way from here to the queue can lose
/// anything, and its numbers show that.
/// </summary>
internal sealed class AdmissionDeskActor : UntypedActor, IWithTimers
{
    /// <summary>About 200 B each; far below remoting's frame.</summary>
    private const int EntriesPerReport = 1_000;

    private static readonly TimeSpan s_reportEvery = TimeSpan.FromSeconds(1);

    /// <summary>Entities that start together are told together.</summary>
    private static readonly TimeSpan s_together = TimeSpan.FromMilliseconds(10);

    /// <summary>An entity that ended without leaving comes back within seconds, here or elsewhere; its stream goes on meanwhile.</summary>
    private static readonly TimeSpan s_keptAfterEnd = TimeSpan.FromSeconds(30);

    private readonly string _node;
    private readonly IActorRef _queue;
    private readonly Guid _life = Guid.NewGuid();
    private readonly Dictionary<string, Held> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal);

    /// <summary>Came and left since the last report. The queue is told of both: only who had the last word of a VM may end its claim, and another desk may still have one of an earlier life.</summary>
    private readonly Dictionary<string, SlotEntry> _passing = new(StringComparer.Ordinal);

    private bool _whole = true;
    private long _number;

    public AdmissionDeskActor(string node, IActorRef queue)
    {
        _node = node;
        _queue = queue;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="node">Address of this node.</param>
    /// <param name="queue">Proxy of <see cref="AdmissionQueueActor"/>.</param>
    public static Props Props(string node, IActorRef queue) => Akka.Actor.Props.Create(() => new AdmissionDeskActor(node, queue));

    protected override void PreStart() => Timers.StartPeriodicTimer(ReportDue.Beat, ReportDue.Beat, TimeSpan.Zero, s_reportEvery);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ShowSlot show:
                OnShow(show.Entry);
                break;
            case LeaveSlot leave:
                Forget(leave.Vm);
                break;
            case Terminated ended:
                foreach (string vm in _entries.Where(e => e.Value.Entity.Equals(ended.ActorRef)).Select(e => e.Key).ToList())
                {
                    Timers.StartSingleTimer(vm, new KeptLongEnough(vm, ended.ActorRef), s_keptAfterEnd);
                }

                break;
            case KeptLongEnough kept when _entries.TryGetValue(kept.Vm, out Held? held) && held.Entity.Equals(kept.Entity):
                Forget(kept.Vm);
                break;
            case KeptLongEnough:
                break;
            case ReportDue:
                Report();
                break;
            case AdmissionResend resend when resend.Desk == _life:
                _whole = true;
                ReportSoon();
                break;
            case AdmissionOrders orders when orders.Desk == _life:
                Carry(orders);
                break;
            case AdmissionResend or AdmissionOrders:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnShow(SlotEntry entry)
    {
        if (_entries.TryGetValue(entry.Vm, out Held? held))
        {
            if (!held.Entity.Equals(Sender))
            {
                Context.Unwatch(held.Entity);
            }
            else if (held.Entry == entry)
            {
                return;
            }
        }

        Context.Watch(Sender);
        Timers.Cancel(entry.Vm);
        _entries[entry.Vm] = new Held(entry, Sender);
        _gone.Remove(entry.Vm);
        _passing.Remove(entry.Vm);
        _changed.Add(entry.Vm);
        ReportSoon();
    }

    private void Forget(string vm)
    {
        if (!_entries.Remove(vm, out Held? held))
        {
            return;
        }

        Context.Unwatch(held.Entity);
        Timers.Cancel(vm);
        if (_changed.Remove(vm))
        {
            _passing[vm] = held.Entry;
        }

        _gone.Add(vm);
        ReportSoon();
    }

    private void ReportSoon()
    {
        if (!Timers.IsTimerActive(ReportDue.Soon))
        {
            Timers.StartSingleTimer(ReportDue.Soon, ReportDue.Soon, s_together);
        }
    }

    private void Report()
    {
        SlotEntry[] entries = [.. (_whole ? _entries.Keys : (IEnumerable<string>)_changed).Select(vm => _entries[vm].Entry), .. _passing.Values];
        string[] gone = [.. _gone];
        int sent = 0;
        do
        {
            SlotEntry[] part = entries[sent..Math.Min(sent + EntriesPerReport, entries.Length)];
            bool first = sent == 0;
            sent += part.Length;
            _queue.Tell(new AdmissionReport(_node, _life, ++_number, _whole && first, More: sent < entries.Length, part, sent < entries.Length ? [] : gone));
        }
        while (sent < entries.Length);
        _whole = false;
        _changed.Clear();
        _gone.Clear();
        _passing.Clear();
    }

    private void Carry(AdmissionOrders orders)
    {
        foreach (SlotGrant grant in orders.Granted)
        {
            if (_entries.TryGetValue(grant.Vm, out Held? held) && !held.Entry.Holds)
            {
                held.Entity.Tell(new SlotGiven(grant.Migration, grant.Attempt));
            }
        }

        foreach (SlotWaiting wait in orders.Waiting)
        {
            if (_entries.TryGetValue(wait.Vm, out Held? held) && !held.Entry.Holds)
            {
                held.Entity.Tell(new SlotDelayed(wait.Migration, wait.Sentence));
            }
        }
    }

    private sealed record Held(SlotEntry Entry, IActorRef Entity);

    private sealed record KeptLongEnough(string Vm, IActorRef Entity) : INoSerializationVerificationNeeded;

    private sealed class ReportDue : INoSerializationVerificationNeeded
    {
        internal static readonly ReportDue Beat = new();

        internal static readonly ReportDue Soon = new();
    }
}
