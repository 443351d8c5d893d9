using System.Collections.Immutable;
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
    private readonly string incarnation = Guid.NewGuid().ToString("N");
    private readonly string self;
    private readonly ClusterJoinPlan plan;
    private bool isRegistered;
    private bool isMember;
    private bool isPuttingItselfOut;
    private long generation;
    private ImmutableArray<string> asked = [];
    private TimeSpan askedAt;

    public ClusterJoin(ClusterRoster roster, ContactPoints contacts, DiscoverySettings settings)
    {
        (this.roster, this.contacts, this.settings) = (roster, contacts, settings);
        self = Text(cluster.SelfAddress);
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
        var me = Self;
        cluster.RegisterOnMemberUp(() => me.Tell(BecameMember.Instance));
        Self.Tell(LookDue.Instance);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case LookDue when isMember:
                Run(KeepRow);
                break;
            case LookDue:
                Run(Look);
                break;
            case BecameMember:
                // A look that is under way reports first.
                isMember = true;
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
                (asked, askedAt) = (ask.Addresses, Now);
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
            var companions = cluster.State.Members.Select(member => Text(member.Address)).Where(address => address != self).ToHashSet(StringComparer.Ordinal);
            var found = now.Nodes.Where(node => node.IsMember && companions.Contains(node.Address)).Select(node => node.Generation).DefaultIfEmpty(now.Generation).Max();
            roster.SetMember(self, incarnation, found);
            return Task.FromResult<object>(new RowKept(now, found, IsMine: true));
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

    private sealed class BecameMember : INoSerializationVerificationNeeded
    {
        public static readonly BecameMember Instance = new();
    }
}
