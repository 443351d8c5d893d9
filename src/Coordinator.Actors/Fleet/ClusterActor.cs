using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Event;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Fencing;
using Coordinator.Actors.Metrics;
using Coordinator.Contracts;

namespace Coordinator.Actors.Fleet;

/// <summary>One per node: tells the others how this node is, and shows on its boards who is in the cluster, who is silent, and what each says of itself.</summary>
internal sealed class ClusterActor : UntypedActor, IWithTimers
{
    private const string Topic = "nodes";

    /// <summary>Apart from <see cref="Topic"/>: nodes of builds that do not know <see cref="NodeSight"/> do not subscribe, and so are not sent what they cannot read.</summary>
    private const string SightTopic = "node-sights";

    private const string CoordinatorRole = "coordinator";

    /// <summary>A node that is gone stays in view for so long: who comes to look after an alert shall see it.</summary>
    private static readonly TimeSpan s_goneFor = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan s_speakEvery = TimeSpan.FromSeconds(2);

    /// <summary>Longer than the region itself waits for its shards (akka.cluster.sharding.shard-region-query-timeout, 3 s): one that is silent must not hide the others.</summary>
    private static readonly TimeSpan s_countWithin = TimeSpan.FromSeconds(5);

    private readonly ClusterBoard _board;
    private readonly FleetBoard _fleet;
    private readonly ClusterParts _parts;
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<string, Heard> _heard = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MemberPicture> _gone = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeSight> _sights = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _singletons = new(StringComparer.Ordinal);
    private readonly JournalLoss _journalLoss = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly string _self;
    private readonly DateTimeOffset _startedAt;

    public ClusterActor(ClusterBoard board, FleetBoard fleet, ClusterParts parts)
    {
        (_board, _fleet, _parts) = (board, fleet, parts);
        _self = _cluster.SelfAddress.ToString();
        _startedAt = parts.Clock.GetUtcNow();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ClusterBoard board, FleetBoard fleet, ClusterParts parts) => Akka.Actor.Props.Create(() => new ClusterActor(board, fleet, parts));

    protected override void PreStart()
    {
        _parts.Mediator.Tell(new Subscribe(Topic, Self));
        _parts.Mediator.Tell(new Subscribe(SightTopic, Self));
        _cluster.Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent), typeof(ClusterEvent.LeaderChanged));
        Timers.StartPeriodicTimer(SpeakDue.Instance, SpeakDue.Instance, s_speakEvery, s_speakEvery);
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SpeakDue:
                GoIfOnlyThisNodeHasLostTheJournal();
                LookForSingletons();

                // An answer that does not come leaves the figures unknown; one that comes late is told then.
                _ = _parts.Region.Ask<ShardRegionStats>(GetShardRegionStats.Instance, s_countWithin)
                    .PipeTo(Self, success: stats => new Counted(stats.Stats.Count + stats.Failed.Count, stats.Stats.Values.Sum()), failure: _ => new Counted(-1, -1));
                break;
            case Counted counted:
                Speak(counted);
                break;
            case NodeShown shown:
                _heard[shown.Node] = new Heard(shown, _parts.Clock.GetUtcNow());
                Show();
                break;
            case NodeSight sight:
                _sights[sight.Node] = sight;
                Show();
                break;
            case ActorIdentity { Subject: { } singleton }:
                _singletons.Add(CoordinatorSingletons.NameOf(singleton.Path.Parent.Name));
                break;
            case ActorIdentity:
                break;
            case ClusterEvent.MemberRemoved removed:
                NoteGone(removed.Member, wasPutOut: removed.PreviousStatus == MemberStatus.Down);
                Show();
                break;
            case ClusterEvent.MemberUp up:
                _gone.Remove(up.Member.Address.ToString());
                Show();
                break;
            case ClusterEvent.IClusterDomainEvent:
                Show();
                break;
            case SubscribeAck:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void GoIfOnlyThisNodeHasLostTheJournal()
    {
        if (_journalLoss.Judge(_board.Picture, _board.Checks, _parts.Clock.GetUtcNow()) is { } why)
        {
            _log.Error("{0}. It puts itself out, so that its VMs are driven by the others, and must be started again", why);
            _cluster.Down(_cluster.SelfAddress);
        }
    }

    private void Speak(Counted counted)
    {
        _parts.Metrics.ShowShards(_self, counted.Shards, counted.Entities);
        int agents = _parts.Hosts.All.Count(h => h.Connected && h.Node == _self);
        _parts.Mediator.Tell(new Publish(Topic, new NodeShown(
            _self, CoordinatorMetrics.Version, _startedAt.ToUnixTimeMilliseconds(), _board.Dashboard, counted.Shards, counted.Entities, agents, [.. _board.Checks])));

        // By its own failure detector: the cluster's word "unreachable" does not say who says so.
        string[] silent = [.. _cluster.State.Members
            .Where(m => _cluster.FailureDetector.IsMonitoring(m.Address) && !_cluster.FailureDetector.IsAvailable(m.Address))
            .Select(m => m.Address.ToString())
            .Order(StringComparer.Ordinal)];
        _parts.Mediator.Tell(new Publish(SightTopic, new NodeSight(_self, silent, [.. _singletons])));
        _singletons.Clear();
    }

    /// <summary>By looking which of them are alive here, and not by who is oldest: where they are meant to be is known, that they are there is the question. Answered long before the region's figures.</summary>
    private void LookForSingletons()
    {
        foreach (string path in CoordinatorSingletons.Paths)
        {
            Context.System.ActorSelection(path).Tell(new Identify(path), Self);
        }
    }

    private void NoteGone(Member member, bool wasPutOut)
    {
        string address = member.Address.ToString();
        Heard? heard = _heard.GetValueOrDefault(address);
        _heard.Remove(address);
        _sights.Remove(address);
        _gone[address] = new MemberPicture(
            address, "Removed", Reachable: false, [.. member.Roles.Order(StringComparer.Ordinal)], IsLeader: false, IsOldest: false, IsSelf: address == _self,
            heard?.Shown, heard?.At, _parts.Clock.GetUtcNow())
        {
            Uid = member.UniqueAddress.Uid,
            AppVersion = member.AppVersion.Version,
            WasPutOut = wasPutOut,
        };
    }

    private void Show()
    {
        ClusterEvent.CurrentClusterState state = _cluster.State;
        DateTimeOffset now = _parts.Clock.GetUtcNow();
        foreach (string old in _gone.Values.Where(g => now - g.GoneAt > s_goneFor).Select(g => g.Address).ToList())
        {
            _gone.Remove(old);
        }

        Member? oldest = null;
        foreach (Member member in state.Members.Where(m => m.HasRole(CoordinatorRole) && m.Status is MemberStatus.Up or MemberStatus.Leaving))
        {
            oldest = oldest is null || member.IsOlderThan(oldest) ? member : oldest;
        }

        List<MemberPicture> members = state.Members.Select(member => Picture(member, state, oldest)).ToList();
        HashSet<string> present = members.Select(m => m.Address).ToHashSet(StringComparer.Ordinal);
        members.AddRange(_gone.Values.Where(g => !present.Contains(g.Address)));
        _board.Show(_self, members.OrderBy(m => m.Address, StringComparer.Ordinal).ToList());
        _fleet.ShowLost(members.Where(m => !m.Reachable).Select(m => m.Address).ToImmutableHashSet());
        _parts.Metrics.ShowMembers(members.Where(m => m.GoneAt is null).GroupBy(m => m.Reachable ? m.Status : "Unreachable").ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal));
    }

    private MemberPicture Picture(Member member, ClusterEvent.CurrentClusterState state, Member? oldest)
    {
        string address = member.Address.ToString();
        Heard? heard = _heard.GetValueOrDefault(address);
        return new MemberPicture(
            address, member.Status.ToString(), !state.Unreachable.Contains(member), [.. member.Roles.Order(StringComparer.Ordinal)],
            IsLeader: member.Address.Equals(state.Leader), IsOldest: member.Equals(oldest), IsSelf: address == _self, heard?.Shown, heard?.At, GoneAt: null)
        {
            Uid = member.UniqueAddress.Uid,
            AppVersion = member.AppVersion.Version,
            Sight = _sights.GetValueOrDefault(address),
            SilentTo = [.. _sights.Values.Where(s => s.Silent.Contains(address, StringComparer.Ordinal)).Select(s => s.Node).Order(StringComparer.Ordinal)],
        };
    }

    private sealed record Heard(NodeShown Shown, DateTimeOffset At);

    private sealed record Counted(int Shards, int Entities) : INoSerializationVerificationNeeded;

    private sealed class SpeakDue : INoSerializationVerificationNeeded
    {
        internal static readonly SpeakDue Instance = new();
    }
}

/// <summary>What the cluster's view needs from its node.</summary>
internal sealed record ClusterParts(IActorRef Region, IActorRef Mediator, IHostDirectory Hosts, TimeProvider Clock, CoordinatorMetrics Metrics);
