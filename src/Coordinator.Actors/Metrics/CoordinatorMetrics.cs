using Akka.Actor;
using Coordinator.Actors.Agents;
using Coordinator.Domain.Admission;
using Coordinator.Domain.Migration;
using Coordinator.Journal;
using Prometheus;

namespace Coordinator.Actors.Metrics;

/// <summary>
/// The figures of one node, in a registry of its own: nothing static, so that several nodes in one process do not add to each other. Counters count what this node has journalled since it
/// started, never what it replays. Gauges show the entities that live on this node and nothing else, so they are true after a restart and after a failover, and the sum over the nodes is the
/// cluster's figure. While a node that was put out has not noticed it yet (5.5 s at most, see cluster.conf) both it and its successor show the same VM.
/// </summary>
public sealed class CoordinatorMetrics
{
    internal const string OnThisNode = "of the VMs whose entities live on this node; sum over the nodes";

    private static readonly double[] s_blackoutSeconds = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly double[] s_partSeconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly double[] s_durationSeconds = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];

    private readonly Gauge _migrations;
    private readonly Gauge _inDoubt;
    private readonly Gauge _agentConnected;
    private readonly Gauge _held;
    private readonly Gauge _queue;
    private readonly Gauge _alertsUndelivered;
    private readonly Counter _alertDeliveries;
    private readonly Counter _journalFailures;
    private readonly Counter _fenceRejections;
    private readonly Counter _refusals;
    private readonly Gauge _projectionLag;
    private readonly Counter _gapWaits;
    private readonly Counter _sweeperRevivals;
    private readonly Counter _sweeperNudges;
    private readonly Gauge _shards;
    private readonly Gauge _entities;
    private readonly Gauge _members;
    private readonly Gauge _watchClients;
    private readonly Counter _resyncs;

    public CoordinatorMetrics()
    {
        MetricFactory create = Prometheus.Metrics.WithCustomRegistry(Registry);
        _migrations = create.CreateGauge("coordinator_migrations", $"Migrations under way by phase, {OnThisNode}.", "phase");
        _inDoubt = create.CreateGauge("coordinator_indoubt_migrations", $"Migrations of which nobody can tell where the guest may run until evidence or a person's word comes, {OnThisNode}. Normally 0.");
        _agentConnected = create.CreateGauge(
            "coordinator_agent_connected", "1 while this node holds the stream of the host's agent, 0 if it held the last one and it has ended; the greatest over the nodes tells.", "host");
        _held = create.CreateGauge("coordinator_fleet_hold", "1 while all migrations are held (coordctl hold), as this node knows it.");
        _queue = create.CreateGauge("coordinator_admission_queue", "Migrations that wait for a slot, by what they wait for; shown by the node that has the queue, 0 by the others.", "reason");
        ShowQueue([]);
        _alertsUndelivered = create.CreateGauge("coordinator_alerts_undelivered", "Alerts that the configured command or address has not taken yet; sum over the nodes.");
        _alertDeliveries = create.CreateCounter("coordinator_alert_deliveries_total", "Tries to deliver an alert to the configured command or address.", "kind", "outcome");
        _journalFailures = create.CreateCounter("coordinator_journal_failures_total", "Entities that stopped because the journal failed them: write, reject or recovery.", "operation");
        _fenceRejections = create.CreateCounter("coordinator_fence_rejections_total", "Commands that an agent refused because it obeys a newer incarnation: two overlapped.");
        _refusals = create.CreateCounter(
            "coordinator_refusals_total",
            "Refusals by kind: of requests (not_found, precondition, invalid, exhausted, held), and of attempts (preparation, start, gate) before the guest ran at the destination.",
            "kind");
        _projectionLag = create.CreateGauge(
            "coordinator_projection_lag_seconds", "How long the tables that lists are read from have been behind the journal; shown by the node that projects, 0 elsewhere: the greatest over the nodes tells.");
        _gapWaits = create.CreateCounter("coordinator_projection_gap_waits_total", "Missing numbers in the journal (refused or late writes) that the projection waited for.");
        _sweeperNudges = create.CreateCounter("coordinator_sweeper_nudges_total", "Entities that the sweeper spoke to because their VMs have something to do.");
        _sweeperRevivals = create.CreateCounter("coordinator_sweeper_revivals_total", "Entities with something to do that sharding had forgotten, and that the sweeper brought back. Normally 0.");
        _shards = create.CreateGauge("coordinator_shards", "Shards of VMs that live on this node; missing while its region does not answer.", "node");
        _entities = create.CreateGauge("coordinator_entities", "Entities of VMs that live on this node; missing while its region does not answer.", "node");
        _members = create.CreateGauge("coordinator_cluster_members", "Members of the cluster by status (Unreachable beats the others), as this node sees it.", "status");
        _watchClients = create.CreateGauge("coordinator_watch_clients", "Watches of single VMs that are open at this node, by command lines, control planes and pages.");
        _resyncs = create.CreateCounter("coordinator_watch_resyncs_total", "Times that a message about the fleet from another node was missed and everything was asked for again.");
        ProcessMetrics.Register(Registry, create);
        Journal = new JournalMetrics(create, s_partSeconds);
        Events = new EventCounters(create, _refusals, s_blackoutSeconds, s_partSeconds, s_durationSeconds);
        create.CreateGauge("coordinator_build_info", "Always 1; the version of this node.", "version").WithLabels(Version).Set(1);
        foreach (MigrationPhase phase in Enum.GetValues<MigrationPhase>().Where(p => !p.IsTerminal()))
        {
            _migrations.WithLabels(phase.ToString());
        }

        foreach (string operation in new[] { "write", "reject", "recovery" })
        {
            _journalFailures.WithLabels(operation);
        }
    }

    public CollectorRegistry Registry { get; } = Prometheus.Metrics.NewCustomRegistry();

    internal EventCounters Events { get; }

    internal JournalMetrics Journal { get; }

    internal static string Version => typeof(CoordinatorMetrics).Assembly.GetName().Version?.ToString(3) ?? "";

    private static string NameOf(SlotShortage shortage) => shortage switch
    {
        SlotShortage.FleetActive => "fleet_active",
        SlotShortage.FleetBandwidth => "fleet_bandwidth",
        SlotShortage.Outgoing => "outgoing",
        SlotShortage.Incoming => "incoming",
        SlotShortage.SourceBandwidth => "source_bandwidth",
        SlotShortage.DestinationBandwidth => "destination_bandwidth",
        _ => throw new InvalidOperationException($"unknown shortage {shortage}"),
    };

    /// <summary>What one entity adds to the gauges while it lives; to be disposed of when it stops.</summary>
    internal VmGauges Open() => new(_migrations, _inDoubt);

    internal void CountRefusal(string kind) => _refusals.WithLabels(kind).Inc();

    internal void CountJournalFailure(string operation) => _journalFailures.WithLabels(operation).Inc();

    internal void CountFenceRejection() => _fenceRejections.Inc();

    internal void CountDelivery(string kind, bool delivered) => _alertDeliveries.WithLabels(kind, delivered ? "delivered" : "failed").Inc();

    internal void ShowUndelivered(int alerts) => _alertsUndelivered.Set(alerts);

    internal void ShowQueue(Dictionary<SlotShortage, int> waiting)
    {
        foreach (SlotShortage shortage in Enum.GetValues<SlotShortage>())
        {
            _queue.WithLabels(NameOf(shortage)).Set(waiting.GetValueOrDefault(shortage));
        }
    }

    internal void ShowLag(TimeSpan behind) => _projectionLag.Set(behind.TotalSeconds);

    internal void CountGapWaits(long count) => _gapWaits.Inc(count);

    internal void CountNudge() => _sweeperNudges.Inc();

    internal void CountRevival() => _sweeperRevivals.Inc();
    internal void CountResync() => _resyncs.Inc();

    /// <summary>To be disposed of when the watch ends.</summary>
    public IDisposable OpenWatch() => _watchClients.TrackInProgress();

    /// <param name="node">This one.</param>
    /// <param name="shards">Negative when it is not known.</param>
    /// <param name="entities">Negative when it is not known.</param>
    internal void ShowShards(string node, int shards, int entities)
    {
        if (shards < 0)
        {
            _shards.RemoveLabelled(node);
            _entities.RemoveLabelled(node);
            return;
        }

        _shards.WithLabels(node).Set(shards);
        _entities.WithLabels(node).Set(entities);
    }

    internal void ShowMembers(IReadOnlyDictionary<string, int> byStatus)
    {
        foreach (string[] gone in _members.GetAllLabelValues().Where(labels => !byStatus.ContainsKey(labels[0])).ToList())
        {
            _members.WithLabels(gone).Set(0);
        }

        foreach ((string status, int count) in byStatus)
        {
            _members.WithLabels(status).Set(count);
        }
    }

    internal void ShowHold(bool held) => _held.Set(held ? 1 : 0);

    /// <summary>What becomes of events on their way to the journal is known by their serializer alone.</summary>
    internal void Follow(ActorSystem system) => Registry.AddBeforeCollectCallback(() => Journal.ShowBytes(VmRecordSerializer.BytesMadeBy(system)));

    /// <summary>Looks into the directory at every scrape: a connection is somebody else's state, and a gauge that follows its changes could miss one.</summary>
    internal void Follow(IHostDirectory hosts, string node) => Registry.AddBeforeCollectCallback(() =>
    {
        HashSet<string> own = new(StringComparer.Ordinal);
        foreach (KnownHost host in hosts.All.Where(h => h.Node == node))
        {
            own.Add(host.Name);
            _agentConnected.WithLabels(host.Name).Set(host.Connected ? 1 : 0);
        }

        foreach (string[] elsewhere in _agentConnected.GetAllLabelValues().Where(labels => !own.Contains(labels[0])).ToList())
        {
            _agentConnected.RemoveLabelled(elsewhere);
        }
    });
}
