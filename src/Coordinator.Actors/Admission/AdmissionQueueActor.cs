using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Metrics;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Admission;
using Limits = Coordinator.Domain.Admission.HostLimits;

namespace Coordinator.Actors.Admission;

/// <summary>
/// The cluster's one line of migrations that wait for a slot. Stores nothing: it is told by every node's desk who holds what and who wants what, and begins anew wherever it is started. Two of them at
/// once, or one that knows too little, may let too many go; the agents then answer "not yet", so that no host ever carries more than it should.
/// </summary>
internal sealed class AdmissionQueueActor : UntypedActor, IWithTimers
{
    /// <summary>How long a node that is a member but says nothing is waited for.</summary>
    private static readonly TimeSpan s_settleAtMost = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_together = TimeSpan.FromMilliseconds(10);

    private readonly AdmissionSettings _settings;
    private readonly IHostDirectory _hosts;
    private readonly CoordinatorMetrics _metrics;
    private readonly Func<IReadOnlySet<string>> _members;
    private readonly AdmissionBook _book;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly TimeSpan _startedAt = Now;
    private TimeSpan _lastRoundTook;
    private bool _settled;

    public AdmissionQueueActor(AdmissionSettings settings, IHostDirectory hosts, CoordinatorMetrics metrics, Func<IReadOnlySet<string>> members)
    {
        (_settings, _hosts, _metrics, _members) = (settings, hosts, metrics, members);
        _book = new AdmissionBook(settings.ClaimsKeptFor);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <param name="settings">Of the cluster.</param>
    /// <param name="hosts">Their limits.</param>
    /// <param name="metrics">Of this node.</param>
    /// <param name="members">Addresses of the nodes that have a desk.</param>
    public static Props Props(AdmissionSettings settings, IHostDirectory hosts, CoordinatorMetrics metrics, Func<IReadOnlySet<string>> members) =>
        Akka.Actor.Props.Create(() => new AdmissionQueueActor(settings, hosts, metrics, members));

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(LookDue.Beat, LookDue.Beat, s_lookEvery);
        if (Context.System is ExtendedActorSystem { Provider: IClusterActorRefProvider })
        {
            Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        }
    }

    protected override void PostStop()
    {
        if (Context.System is ExtendedActorSystem { Provider: IClusterActorRefProvider })
        {
            Cluster.Get(Context.System).Unsubscribe(Self);
        }

        _metrics.ShowQueue([]);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AdmissionReport report:
                OnReport(report);
                break;
            case LookDue:
                Look();
                break;
            case ClusterEvent.MemberRemoved removed:
                _book.LoseNode(removed.Member.Address.ToString(), Now);
                LookSoon();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnReport(AdmissionReport report)
    {
        if (!_book.Take(report, Sender, Now))
        {
            Sender.Tell(new AdmissionResend(report.Desk));
            return;
        }

        if (report is { More: false } and ({ Whole: true } or { Entries.Length: > 0 } or { Gone.Length: > 0 }))
        {
            LookSoon();
        }
    }

    /// <summary>A round over ten thousand that wait takes tens of milliseconds; changes that come meanwhile are for the next one, and most of the time stays free.</summary>
    private void LookSoon()
    {
        if (!Timers.IsTimerActive(LookDue.Soon))
        {
            TimeSpan pause = _lastRoundTook * 4;
            Timers.StartSingleTimer(LookDue.Soon, LookDue.Soon, pause > s_together ? pause : s_together);
        }
    }

    private void Look()
    {
        if (!HasSettled())
        {
            return;
        }

        TimeSpan began = Now;
        (IReadOnlyList<(IActorRef Desk, AdmissionOrders Orders)> orders, IReadOnlyList<SlotWait> waits) = _book.Decide(LimitsOf, _settings.Fleet, began);
        foreach ((IActorRef desk, AdmissionOrders order) in orders)
        {
            desk.Tell(order);
        }

        _metrics.ShowQueue(waits.GroupBy(w => w.Shortage).ToDictionary(g => g.Key, g => g.Count()));
        _lastRoundTook = Now - began;
    }

    private bool HasSettled()
    {
        if (_settled)
        {
            return true;
        }

        TimeSpan age = Now - _startedAt;
        bool heardAll = _members().IsSubsetOf(_book.NodesHeard);
        _settled = age >= _settings.Settle && (heardAll || age >= s_settleAtMost);
        if (_settled)
        {
            _log.Info("the queue of migrations is here now; {0} wait{1}", _book.Waiting, heardAll ? "" : ", and not every node has told what it has");
        }

        return _settled;
    }

    private Limits LimitsOf(HostName host) => _hosts.Find(host.Value)?.Hello.Limits is { } limits
        ? new Limits(Math.Max(1, limits.Outgoing), Math.Max(1, limits.Incoming), limits.HasBandwidthBytesPerSec ? limits.BandwidthBytesPerSec : null)
        : Limits.Default;

    private sealed class LookDue : INoSerializationVerificationNeeded
    {
        internal static readonly LookDue Beat = new();

        internal static readonly LookDue Soon = new();
    }
}
