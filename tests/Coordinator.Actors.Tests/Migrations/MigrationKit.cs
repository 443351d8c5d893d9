using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Coordinator.Actors.Draining;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Actors.HostFencing;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Migrations;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>One VM's entity under a fake shard, two fake hosts, and a journal that obeys.</summary>
public abstract class MigrationKit : TestKit
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    private static readonly PolicyChoice s_defaults = new(null, null, null, null, null, VerifyMs: 0, null, null, null);

    private readonly string _script;

    protected MigrationKit(bool virtualTime = false)
        : this(Guid.NewGuid().ToString("N"), virtualTime)
    {
    }

    private MigrationKit(string script, bool virtualTime)
        : base(ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = WARNING
              stdout-loglevel = OFF
              loggers = [{{(Environment.GetEnvironmentVariable("COORDINATOR_TEST_LOG") is null ? "" : "\"Akka.Event.DefaultLogger, Akka\"")}}]
              {{(virtualTime ? "scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"" : "")}}
              persistence.journal {
                plugin = "test-journal"
              }
              persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            }
            test-journal {
              class = "Coordinator.Actors.Tests.Migrations.TestJournal, Coordinator.Actors.Tests"
              plugin-dispatcher = "akka.actor.default-dispatcher"
              circuit-breaker { max-failures = 1000, call-timeout = 10s, reset-timeout = 10ms }
              script = "{{script}}"
            }
            """))
    {
        _script = script;
        Journal = TestJournalScript.Of(script);
    }

    private protected TestJournalScript Journal { get; }

    private protected FakeWorld World { get; } = new();

    private protected IActorRef Region { get; private set; } = ActorRefs.Nobody;

    protected static PolicyChoice Policy => s_defaults;

    protected override void AfterAll()
    {
        base.AfterAll();
        TestJournalScript.Forget(_script);
    }

    private long _cordonVersion;

    private protected CoordinatorMetrics Metrics { get; } = new();

    private protected HoldBoard Board { get; } = new();

    private protected CordonBoard Cordons { get; } = new();

    private protected FleetFeed Fleet { get; } = new();

    /// <summary>Gets the entity's alerts.</summary>
    private protected IActorRef AlertOutlet { get; init; } = ActorRefs.Nobody;

    /// <summary>This node's desk; nobody where slots are not rationed.</summary>
    private protected IActorRef Admission { get; set; } = ActorRefs.Nobody;

    private protected TimeSpan BackOff { get; set; } = TimeSpan.Zero;

    private protected virtual IFencingHook Fencing => NoFencingHook.Instance;

    private protected Props EntityProps => MigrationActor.Props(
        new VmName(FakeWorld.Vm),
        new MigrationActorParts(World, World, TimeProvider.System, "akka.tcp://coordinator@test:1")
        {
            Metrics = Metrics,
            Hold = Board,
            Cordons = Cordons,
            Alerts = AlertOutlet,
            Fencing = Fencing,
            Admission = Admission,
            BackOffAfter = _ => BackOff,
            Fleet = Fleet,
        });

    /// <summary>The hold as this node's <see cref="HoldActor"/> shows it.</summary>
    private protected void Hold(bool held)
    {
        Board.Show(new HoldState(Board.Version + 1, held ? new FleetHold("ann", "switch upgrade", DateTimeOffset.UnixEpoch) : null));
        Sys.EventStream.Publish(HoldShown.Instance);
    }

    /// <summary>The cordons as this node's <see cref="CordonActor"/> shows them: of this host or of none.</summary>
    private protected void Cordon(string? host)
    {
        HostCordon[] all = host is null ? [] : [new HostCordon(new HostName(host), "ann", "new memory", DateTimeOffset.UnixEpoch)];
        Cordons.Show(new CordonState(++_cordonVersion, all.ToImmutableDictionary(c => c.Host)));
        Sys.EventStream.Publish(CordonsShown.Instance);
    }

    /// <summary>The value of a sample on the metrics page, as Prometheus would read it; 0 for a sample that is not there.</summary>
    private protected async Task<double> Sample(string sample)
    {
        using MemoryStream page = new();
        await Metrics.Registry.CollectAndExportAsTextAsync(page);
        string? line = System.Text.Encoding.UTF8.GetString(page.ToArray()).Split('\n').FirstOrDefault(l => l.StartsWith(sample + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(sample.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    private protected void StartRegion()
    {
        Region = Sys.ActorOf(FakeRegion.Props(EntityProps), "region");
        World.Entity = Region;
    }

    /// <summary>The VM runs on host-a.</summary>
    private protected async Task StartVm()
    {
        if (Region.IsNobody())
        {
            StartRegion();
        }

        await Insist(new StartVirtualMachine(FakeWorld.Vm, "start-1", "host-a", "name: web-1"));
        await Eventually(async () => (await Machine()).Residence == "Resident", "the VM runs");
    }

    private protected Task<VmAnswer> Migrate(string destination = "host-b", string request = "move-1", PolicyChoice? policy = null) =>
        Insist(new StartMigration(FakeWorld.Vm, request, destination, policy ?? s_defaults));

    private protected Task<VmAnswer> Cancel(string request = "cancel-1") => Insist(new CancelMigration(FakeWorld.Vm, request, ""));

    /// <summary>As a client does: an entity that was just killed does not answer, so the same request is sent again.</summary>
    private protected async Task<VmAnswer> Insist(object request)
    {
        using CancellationTokenSource patience = new(s_patience);
        while (true)
        {
            try
            {
                return await Region.Ask<VmAnswer>(request, TimeSpan.FromMilliseconds(500), patience.Token);
            }
            catch (AskTimeoutException) when (!patience.IsCancellationRequested)
            {
            }
        }
    }

    private protected async Task<Api.VirtualMachine> Machine() =>
        Api.VirtualMachine.Parser.ParseFrom((await Insist(new GetVm(FakeWorld.Vm, ""))).VirtualMachine);

    private protected async Task<Api.Migration> Migration(string id = "") =>
        Api.Migration.Parser.ParseFrom((await Insist(new GetVm(FakeWorld.Vm, id))).Migration);

    private protected async Task<Api.Migration> Phase(params MigrationPhase[] phases)
    {
        Api.Migration seen = new();
        await Eventually(
            async () => phases.Any(p => (seen = Migration().GetAwaiter().GetResult()).Phase == p.ToString()) || await Task.FromResult(false),
            () => $"the migration reaches {string.Join(" or ", phases)}; {Story(seen)}");
        return seen;
    }

    private protected async Task<Api.Migration> Terminal()
    {
        Api.Migration seen = new();
        await Eventually(
            async () => (seen = await Migration()).Terminal,
            () => $"the migration ends; {Story(seen)}");
        return seen;
    }

    private static string Story(Api.Migration seen) =>
        $"it is {seen.Phase} ({seen.Reason})\n{string.Join('\n', seen.Timeline.Select(t => $"{t.Sequence} {t.Event} {t.Detail}"))}";

    private protected Task Eventually(Func<Task<bool>> condition, string what) => Eventually(condition, () => what);

    private protected async Task Eventually(Func<Task<bool>> condition, Func<string> what)
    {
        bool holds = await Coordinator.Testing.Eventually.IsTrue(condition, s_patience);
        Assert.True(holds, holds ? "" : $"waited {s_patience.TotalSeconds} s in vain: {what()}");
    }

    /// <summary>Invariants that hold at every end: one copy at a time, one copy now, and the journal tells exactly what the entity goes by.</summary>
    private protected async Task AssertSound(int running = 1)
    {
        Assert.True(World.MostRunning <= 1, "two copies ran");
        Assert.Equal(running, World.Running);
        StateShown live = await Region.Ask<StateShown>(new ShowState(), s_patience);
        VmHistory replayed = new();
        for (int i = 0; i < Journal.Records.Count; i++)
        {
            replayed.Apply(Journal.Records[i], i + 1);
        }

        Assert.Equal(live.Sequence, Journal.Records.Count);
        Assert.Equal(live.State, replayed.State);
    }

    private protected IReadOnlyList<string> EventNames => Journal.Records.Select(r => r.Event.GetType().Name).ToList();
}
