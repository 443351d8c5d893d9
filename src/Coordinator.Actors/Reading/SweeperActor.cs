using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Coordinator.Actors.Metrics;
using Coordinator.Contracts;
using Coordinator.ReadModel;

namespace Coordinator.Actors.Reading;

/// <summary>
/// One in the cluster. Speaks to every VM that has something to do, so that an entity that sharding has forgotten is started by it; one that lives does not notice. Agents do the same for the VMs that
/// they know when they connect; either alone is enough.
/// </summary>
internal sealed class SweeperActor : UntypedActor, IWithTimers
{
    private const int TicksPerSecond = 10;

    private readonly ReadModelQueries queries;
    private readonly IActorRef region;
    private readonly SweeperSettings settings;
    private readonly CoordinatorMetrics metrics;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly Queue<string> due = new();

    /// <summary>When each VM that has not answered was first spoken to: an entity that needs longer than a round to come back was still not there before.</summary>
    private readonly Dictionary<string, TimeSpan> asked = new(StringComparer.Ordinal);
    private TimeSpan changedAt = Now;

    public SweeperActor(ReadModelQueries queries, IActorRef region, SweeperSettings settings, CoordinatorMetrics metrics) =>
        (this.queries, this.region, this.settings, this.metrics) = (queries, region, settings, metrics);

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    public static Props Props(ReadModelQueries queries, IActorRef region, SweeperSettings settings, CoordinatorMetrics metrics) =>
        Akka.Actor.Props.Create(() => new SweeperActor(queries, region, settings, metrics));

    protected override void PreStart()
    {
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Timers.StartSingleTimer(SweepDue.Instance, SweepDue.Instance, settings.Interval);
    }

    protected override void PostStop() => Cluster.Get(Context.System).Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SweepDue:
                Complain();
                var tables = queries;
                _ = Task.Run(() => new Found(tables.Outstanding())).PipeTo(Self);
                break;
            case Found found:
                OnFound(found.Vms);
                break;
            case SpeakDue:
                Speak();
                break;
            case NudgeAnswered answered:
                OnAnswered(answered);
                break;
            case Status.Failure failure:
                log.Warning("the sweeper cannot ask which VMs have something to do, and tries again in {0}: {1}", settings.Interval, failure.Cause.Message);
                Again();
                break;
            case ClusterEvent.IMemberEvent or ClusterEvent.IReachabilityEvent:
                changedAt = Now;
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnFound(IReadOnlyList<string> vms)
    {
        foreach (var done in asked.Keys.Except(vms, StringComparer.Ordinal).ToList())
        {
            asked.Remove(done);
        }

        foreach (var vm in vms)
        {
            due.Enqueue(vm);
        }

        Speak();
    }

    private void Speak()
    {
        for (var left = Math.Max(1, settings.NudgesPerSec / TicksPerSecond); left > 0 && due.TryDequeue(out var vm); left--)
        {
            asked.TryAdd(vm, Now);
            metrics.CountNudge();
            region.Tell(new Nudge(vm), Self);
        }

        if (due.Count > 0)
        {
            Timers.StartSingleTimer(SpeakDue.Instance, SpeakDue.Instance, TimeSpan.FromSeconds(1) / TicksPerSecond);
        }
        else
        {
            Again();
        }
    }

    private void Again() => Timers.StartSingleTimer(SweepDue.Instance, SweepDue.Instance, settings.Interval);

    private void OnAnswered(NudgeAnswered answered)
    {
        if (!asked.Remove(answered.VmId, out var at) || answered.AliveMs >= (Now - at).TotalMilliseconds)
        {
            return;
        }

        if (Now - changedAt < settings.CalmAfter)
        {
            log.Info("{0} was started while the sweeper spoke to it; nodes have come or gone lately", answered.VmId);
            return;
        }

        metrics.CountRevival();
        log.Error("the entity of VM {0} had something to do and was not there: sharding had forgotten it, and the sweeper has brought it back. Its migration stood still meanwhile; this should not happen", answered.VmId);
    }

    private void Complain()
    {
        if (asked.Count > 0)
        {
            log.Warning("{0} entities have not answered the sweeper since its last round, {1} among them", asked.Count, string.Join(", ", asked.Keys.Take(5)));
        }
    }

    private sealed record Found(IReadOnlyList<string> Vms) : INoSerializationVerificationNeeded;

    private sealed class SweepDue : INoSerializationVerificationNeeded
    {
        public static readonly SweepDue Instance = new();
    }

    private sealed class SpeakDue : INoSerializationVerificationNeeded
    {
        public static readonly SpeakDue Instance = new();
    }
}
