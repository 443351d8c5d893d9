using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;
using Coordinator.Actors.Metrics;
using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>
/// One per node: tells all nodes what changed of the VMs that live here, in batches, and shows on this node's board what the others tell. Batches are numbered; who misses one asks for everything
/// of that node, so that a message lost between nodes is mended within seconds. Nothing is kept but the newest line of each VM.
/// </summary>
internal sealed class FleetActor : UntypedActor, IWithTimers
{
    private const string Topic = "fleet";

    /// <summary>About 400 bytes each on the wire; a frame holds 4 MiB.</summary>
    private const int MaxBatch = 500;

    /// <summary>Batches at a time, so that a node that shows everything again does not crowd out heartbeats.</summary>
    private const int MaxBatches = 8;

    private static readonly TimeSpan s_flushEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_speakEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_wantedFor = TimeSpan.FromSeconds(6);

    private readonly FleetBoard _board;
    private readonly FleetFeed _feed;
    private readonly IActorRef _mediator;
    private readonly string _node;
    private readonly CoordinatorMetrics _metrics;
    private readonly Guid _life = Guid.NewGuid();
    private readonly Dictionary<string, VmSummary> _own = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pending = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Heard> _others = new(StringComparer.Ordinal);
    private long _number;
    private TimeSpan _spokenAt;
    private TimeSpan _lookedAt;
    private TimeSpan _wantedUntil;

    public FleetActor(FleetBoard board, FleetFeed feed, IActorRef mediator, string node, CoordinatorMetrics metrics)
    {
        (_board, _feed, _mediator, _node, _metrics) = (board, feed, mediator, node, metrics);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    public static Props Props(FleetBoard board, FleetFeed feed, IActorRef mediator, string node, CoordinatorMetrics metrics) =>
        Akka.Actor.Props.Create(() => new FleetActor(board, feed, mediator, node, metrics));

    protected override void PreStart()
    {
        IActorRef self = Self;
        _board.LookedAt += () => self.Tell(FlushDue.Instance, ActorRefs.NoSender);
        _spokenAt = _lookedAt = Now - s_speakEvery;
        _mediator.Tell(new Subscribe(Topic, Self));
        Timers.StartPeriodicTimer(FlushDue.Instance, FlushDue.Instance, s_flushEvery);
    }

    protected override void PostStop() => _feed.WantsSamples = false;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case VmShown shown:
                _own[shown.Summary.Vm] = shown.Summary;
                _pending.Add(shown.Summary.Vm);
                _board.Show(shown.Summary);
                break;
            case VmLeft left:
                // Its last line is still told; who asks later gets it from the node on which the entity lives then.
                if (_own.Remove(left.Vm, out VmSummary? last) && _pending.Remove(left.Vm))
                {
                    Speak([last]);
                }

                break;
            case FlushDue:
                Flush();
                break;
            case FleetChanges changes when changes.Node != _node:
                Hear(changes);
                break;
            case ShowFleet ask when ask.Node.Length == 0 || ask.Node == _node:
                _pending.UnionWith(_own.Keys);
                break;
            case LookAtFleet:
                _wantedUntil = Now + s_wantedFor;
                _feed.WantsSamples = true;
                break;
            case SubscribeAck:
                _mediator.Tell(new Publish(Topic, new ShowFleet("")));
                break;
            case FleetChanges or ShowFleet:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Flush()
    {
        TimeSpan now = Now;
        if (_board.Viewers > 0 && now - _lookedAt >= s_speakEvery)
        {
            _lookedAt = now;
            _mediator.Tell(new Publish(Topic, new LookAtFleet(_node)));
        }

        if (_feed.WantsSamples && now > _wantedUntil)
        {
            _feed.WantsSamples = false;
        }

        for (int batch = 0; batch < MaxBatches && _pending.Count > 0; batch++)
        {
            string[] vms = [.. _pending.Take(MaxBatch)];
            _pending.ExceptWith(vms);
            Speak([.. vms.Select(vm => _own.GetValueOrDefault(vm)).OfType<VmSummary>()]);
        }

        if (now - _spokenAt >= s_speakEvery)
        {
            Speak([]);
        }
    }

    private void Speak(VmSummary[] summaries)
    {
        _spokenAt = Now;
        _mediator.Tell(new Publish(Topic, new FleetChanges(_node, _life, ++_number, summaries)));
    }

    private void Hear(FleetChanges changes)
    {
        foreach (VmSummary vm in changes.Summaries)
        {
            _board.Show(vm);
        }

        Heard known = _others.GetValueOrDefault(changes.Node);
        bool isNext = known.Life == changes.Life && known.Number + 1 == changes.Number;
        bool asks = !isNext && Now - known.AskedAt >= s_speakEvery;
        if (asks)
        {
            _metrics.CountResync();
            _mediator.Tell(new Publish(Topic, new ShowFleet(changes.Node)));
        }

        // Asked too often already: the number stays behind, so that the next message asks again.
        long number = isNext || asks ? changes.Number : known.Number;
        _others[changes.Node] = new Heard(changes.Life, number, asks ? Now : known.AskedAt);
    }

    private readonly record struct Heard(Guid Life, long Number, TimeSpan AskedAt);

    private sealed class FlushDue : INoSerializationVerificationNeeded
    {
        internal static readonly FlushDue Instance = new();
    }
}
