using System.Collections.Immutable;
using System.Globalization;
using Akka;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace Coordinator.Actors.Discovery;

/// <summary>
/// Brings this node into the one cluster of its database, and keeps its row there. Own code: Akka.Management's bootstrap is not in the package source, and it knows no arbiter but the order of addresses.
/// <para>A member that finds that another cluster has been founded since its own (it was cut off from the database, or stood still, for so long that it counted as gone) puts itself out: what it holds
/// is held elsewhere by then. The journal and the agents refuse it in any case.</para>
/// </summary>
internal sealed class ClusterJoin : UntypedActor, IWithTimers
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    // A seed process that is told of the same nodes again begins anew; it needs some of this time for its own rounds.
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(4);

    private readonly ClusterRoster roster;
    private readonly ContactPoints contacts;
    private readonly DiscoverySettings settings;
    private readonly Cluster cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly string incarnation;
    private readonly string self;
    private readonly ClusterJoinPlan plan;
    private bool isRegistered;
    private bool isMember;
    private bool isPuttingItselfOut;
    private long generation;
    private long askedGeneration;
    private ImmutableArray<string> asked = [];
    private TimeSpan askedAt;

    public ClusterJoin(ClusterRoster roster, ContactPoints contacts, DiscoverySettings settings)
    {
        (this.roster, this.contacts, this.settings) = (roster, contacts, settings);
        (self, incarnation) = (Text(cluster.SelfAddress), Incarnation(cluster.SelfUniqueAddress));
        plan = new ClusterJoinPlan(self, settings);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    public static Props Props(ClusterRoster roster, ContactPoints contacts, DiscoverySettings settings) =>
        Akka.Actor.Props.Create(() => new ClusterJoin(roster, contacts, settings));

    protected override void PreStart()
    {
        var (address, name, rows) = (self, incarnation, roster);
        CoordinatedShutdown.Get(Context.System).AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "forget-node", async () =>
        {
            try
            {
                // Whether it left in good order or was put out: from here on it serves nobody.
                await Task.Run(() => rows.Remove(address, name)).WaitAsync(TimeSpan.FromSeconds(4)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                log.Warning("The node's row could not be removed; it grows old by itself: {0}", e.Message);
            }

            return Done.Instance;
        });
        cluster.Subscribe(Self, typeof(ClusterEvent.IMemberEvent));
        Self.Tell(LookDue.Instance);
    }

    protected override void PostStop() => cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ClusterEvent.CurrentClusterState state:
                isMember = state.Members.Any(IsSelf);
                break;
            case ClusterEvent.IMemberEvent happened:
                // Not only when it is "up": from the welcome on it belongs to this cluster, and if the others die now, their successors must find it. A look that is under way reports first.
                isMember |= IsSelf(happened.Member);
                break;
            case LookDue when isMember:
                Run(KeepRow);
                break;
            case LookDue:
                Run(Look);
                break;
            case Looked looked:
                OnLooked(looked);
                Again(LookInterval);
                break;
            case MayFound may:
                OnMayFound(may);
                Again(LookInterval);
                break;
            case RowKept kept:
                OnRowKept(kept);
                Again(settings.RefreshInterval);
                break;
            case Status.Failure failure:
                log.Warning("The list of nodes cannot be read or written: {0}", failure.Cause.Message);
                Again(settings.RefreshInterval);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static string Text(Address address) => $"{address.Host}:{address.Port}";

    // As the members of a cluster tell a process from its predecessor on the same address.
    private static string Incarnation(UniqueAddress node) => node.Uid.ToString(CultureInfo.InvariantCulture);

    private bool IsSelf(Member member) => member.UniqueAddress.Equals(cluster.SelfUniqueAddress);

    // The SQLite provider works on the calling thread, hence Task.Run.
    private void Run(Func<Task<object>> work) => _ = Task.Run(work).PipeTo(Self);

    private void Again(TimeSpan after) => Timers.StartSingleTimer(LookDue.Instance, LookDue.Instance, after);

    private async Task<object> Look()
    {
        if (!isRegistered || !roster.Refresh(self, incarnation))
        {
            roster.Register(self, incarnation);
            isRegistered = true;
        }

        return new Looked(roster.Read(), await contacts.Find(CancellationToken.None).ConfigureAwait(false));
    }

    private void OnLooked(Looked looked)
    {
        if (isMember || generation > 0)
        {
            return;
        }

        switch (plan.Next(looked.Roster, looked.Contacts, Now))
        {
            case JoinStep.Ask ask when !ask.Addresses.SequenceEqual(asked) || Now - askedAt > AskAgainAfter:
                (asked, askedAt, askedGeneration) = (ask.Addresses, Now, looked.Roster.Generation);
                log.Info("Asks {0} for their cluster: {1}", string.Join(", ", asked), ask.Why);
                cluster.JoinSeedNodes([.. asked.Select(address => Address.Parse($"{cluster.SelfAddress.Protocol}://{cluster.SelfAddress.System}@{address}"))]);
                break;
            case JoinStep.Found found:
                var askedDatabaseAt = Now;
                Run(() => Task.FromResult<object>(new MayFound(roster.TryFound(self, incarnation, found.SeenGeneration, settings.SilentAfter), askedDatabaseAt)));
                break;
            default:
                break;
        }
    }

    private void OnMayFound(MayFound may)
    {
        if (may.Generation is not { } granted || isMember)
        {
            return;
        }

        if (Now - may.AskedAt > settings.SilentAfter / 2)
        {
            // Somebody else may have been given the right before this node makes use of its own.
            PutOut($"it was given the right to found a cluster, and then stood still for {Now - may.AskedAt}");
            return;
        }

        generation = granted;
        log.Info("Founds the cluster, generation {0}", granted);
        cluster.Join(cluster.SelfAddress);
    }

    private Task<object> KeepRow()
    {
        var isMine = roster.Refresh(self, incarnation);
        var now = roster.Read();
        if (isMine && generation == 0)
        {
            var members = cluster.State.Members;
            if (!members.Any(IsSelf))
            {
                // The view of the members is not as far as the event yet.
                return Task.FromResult<object>(new RowKept(now, generation, IsMine: true));
            }

            // Those that it asked are in no older cluster than the newest of then. A founding since then counts if this very process of it is among the members; not what the list holds by now, for
            // another cluster may have been founded beside this one.
            var companions = members.Select(member => (Text(member.Address), Incarnation(member.UniqueAddress))).ToHashSet();
            var joined = now.Nodes.Where(node => node.IsMember && companions.Contains((node.Address, node.Incarnation))).Select(node => node.Generation).Append(askedGeneration).Max();
            roster.SetMember(self, incarnation, joined);
            return Task.FromResult<object>(new RowKept(now, joined, IsMine: true));
        }

        if (!isMine && now.Nodes.All(node => node.Address != self))
        {
            // Somebody has removed it.
            roster.Register(self, incarnation);
            isMine = generation == 0 || roster.SetMember(self, incarnation, generation);
        }

        return Task.FromResult<object>(new RowKept(now, generation, isMine));
    }

    private void OnRowKept(RowKept kept)
    {
        generation = kept.Generation;
        if (kept.Roster.Generation > generation && generation > 0)
        {
            PutOut($"another cluster has been founded on this database (generation {kept.Roster.Generation}) since its own ({generation})");
        }
        else if (!kept.IsMine)
        {
            PutOut($"another process has registered its address {self}; every node needs an address of its own that all others reach it by");
        }
    }

    private void PutOut(string why)
    {
        if (!isPuttingItselfOut)
        {
            isPuttingItselfOut = true;
            log.Error("This node puts itself out and must be started again: {0}", why);
            if (isMember)
            {
                cluster.Down(cluster.SelfAddress);
            }
            else
            {
                _ = CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
            }
        }
    }

    private sealed record Looked(Roster Roster, ImmutableArray<string> Contacts) : INoSerializationVerificationNeeded;

    private sealed record MayFound(long? Generation, TimeSpan AskedAt) : INoSerializationVerificationNeeded;

    private sealed record RowKept(Roster Roster, long Generation, bool IsMine) : INoSerializationVerificationNeeded;

    private sealed class LookDue : INoSerializationVerificationNeeded
    {
        public static readonly LookDue Instance = new();
    }
}
