using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Tools.PublishSubscribe;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;

namespace Coordinator.Actors.Agents;

internal sealed record HostOpened(HostEntry Entry) : INoSerializationVerificationNeeded;

internal sealed record HostClosed(string Host, Guid Session) : INoSerializationVerificationNeeded;

internal sealed record HostStated(string Host, Guid Session, long MemoryFreeMiB) : INoSerializationVerificationNeeded;

internal sealed class TellHostsDue : INoSerializationVerificationNeeded
{
    internal static readonly TellHostsDue Instance = new();
}

/// <summary>
/// Which host is connected to which node. Each node tells the others its own hosts, on change and every few seconds, all of them at once: there is
/// nothing to merge, and a lost message is mended by the next. Kept in memory only: after a stop of the whole cluster the agents tell it anew by
/// connecting.
/// </summary>
public sealed class HostDirectoryActor : UntypedActor, IWithTimers
{
    private const string Topic = "hosts";
    private static readonly TimeSpan s_tellEvery = TimeSpan.FromSeconds(2);

    private readonly HostDirectory _directory;
    private readonly IActorRef _mediator;
    private readonly string _node;
    private readonly TimeProvider _clock;
    private readonly bool _inCluster;
    private readonly Dictionary<string, HostEntry> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HostEntry[]> _others = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HostCapacity> _ownCapacities = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Host, Guid Session), long> _free = [];

    public HostDirectoryActor(HostDirectory directory, IActorRef mediator, string node, TimeProvider clock, bool inCluster)
    {
        _directory = directory;
        _mediator = mediator;
        _node = node;
        _clock = clock;
        _inCluster = inCluster;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(HostDirectory directory, IActorRef mediator, string node, TimeProvider clock, bool inCluster = true) =>
        Akka.Actor.Props.Create(() => new HostDirectoryActor(directory, mediator, node, clock, inCluster));

    protected override void PreStart()
    {
        _mediator.Tell(new Subscribe(Topic, Self));
        if (_inCluster)
        {
            Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved));
        }

        Timers.StartPeriodicTimer(TellHostsDue.Instance, TellHostsDue.Instance, s_tellEvery);
    }

    protected override void PostStop()
    {
        if (_inCluster)
        {
            Cluster.Get(Context.System).Unsubscribe(Self);
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HostOpened opened:
                _own[opened.Entry.Host] = opened.Entry;
                Changed();
                break;
            case HostClosed closed when _own.TryGetValue(closed.Host, out HostEntry? entry) && entry.Session == closed.Session:
                _own[closed.Host] = entry with { Connected = false, SinceUnixMs = NowUnixMs };
                Changed();
                break;
            case HostStated stated when _own.TryGetValue(stated.Host, out HostEntry? entry) && entry.Session == stated.Session:
                // Told with the next beat: it changes all the time, and placing looks at it once in seconds.
                _ownCapacities[stated.Host] = new HostCapacity(stated.Host, stated.Session, stated.MemoryFreeMiB);
                break;
            case CapacitiesOfNode capacities:
                foreach (HostCapacity capacity in capacities.Hosts)
                {
                    _free[(capacity.Host, capacity.Session)] = capacity.MemoryFreeMiB;
                }

                Show();
                break;
            case HostsOfNode hosts when hosts.Node != _node:
                _others[hosts.Node] = hosts.Hosts;
                Show();
                break;
            case ClusterEvent.MemberRemoved removed when _others.TryGetValue(removed.Member.Address.ToString(), out HostEntry[]? lost):
                // Its streams ended with it; its hosts stay known until another node says more of them.
                _others[removed.Member.Address.ToString()] = lost.Select(h => h with { Connected = false, SinceUnixMs = NowUnixMs }).ToArray();
                Show();
                break;
            case TellHostsDue:
                Tell();
                _mediator.Tell(new Publish(Topic, new CapacitiesOfNode(_node, [.. _ownCapacities.Values])));
                break;
            case HostClosed or HostStated or HostsOfNode or ClusterEvent.MemberRemoved or SubscribeAck:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private long NowUnixMs => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private void Changed()
    {
        Show();
        Tell();
    }

    private void Tell() => _mediator.Tell(new Publish(Topic, new HostsOfNode(_node, [.. _own.Values])));

    private void Show()
    {
        _directory.Replace(Known());
        HashSet<(string, Guid)> sessions = [.. _own.Values.Concat(_others.Values.SelectMany(o => o)).Select(h => (h.Host, h.Session))];
        foreach ((string, Guid) ended in _free.Keys.Where(k => !sessions.Contains(k)).ToList())
        {
            _free.Remove(ended);
        }
    }

    private IEnumerable<KnownHost> Known() =>
        _others.SelectMany(o => o.Value.Select(h => (Node: o.Key, Entry: h))).Concat(_own.Values.Select(h => (Node: _node, Entry: h)))
            .GroupBy(h => h.Entry.Host, StringComparer.Ordinal)

            // An open stream beats a closed one whatever the nodes' clocks say.
            .Select(g => g.OrderByDescending(h => h.Entry.Connected).ThenByDescending(h => h.Entry.SinceUnixMs).First())
            .Select(h => WithCapacity(h.Entry.Session, new KnownHost(h.Entry.Host, h.Entry.Connected, h.Node, h.Entry.SinceUnixMs, Hello.Parser.ParseFrom(h.Entry.Hello))));

    private KnownHost WithCapacity(Guid session, KnownHost host) => _free.TryGetValue((host.Name, session), out long free) ? host with { MemoryFreeMiB = free } : host;
}
