using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Persistence;
using Coordinator.Actors.Reading;
using Coordinator.Actors.Tests.Platform;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Journal;
using Coordinator.ReadModel;

namespace Coordinator.Actors.Tests.Reading;

/// <summary>A journal with VMs' events written through the shipped plugin, and projections of it that run in this process.</summary>
internal sealed class ProjectionKit : IProjectionWitness, IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TestDatabase database;
    private readonly ActorSystem system;
    private readonly List<(CancellationTokenSource Stop, Task Run)> running = [];
    private readonly Dictionary<string, IActorRef> writers = [];
    private long waits;

    public ProjectionKit(TestDatabase database)
    {
        this.database = database;
        Store = database.NewVerifiedStore();
        system = JournalOnlySystem.Create("projection", Store);
        Queries = new ReadModelQueries(Store);
        Histories = new HistoryReader(system);
    }

    public Coordinator.Actors.Platform.SqlStore Store { get; }

    public ReadModelQueries Queries { get; }

    public HistoryReader Histories { get; }

    public ConcurrentQueue<string> Said { get; } = new();

    public long Waits => Interlocked.Read(ref waits);

    public static VmEvent[] Started(string host) =>
    [
        new VmEvent.IncarnationStarted(new IncarnationId(Guid.NewGuid()), new Epoch(1)),
        new VmEvent.VmStartOrdered(new RequestId("start"), new HostName(host), new LaunchId(new Guid(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1])), "name: x"),
        new VmEvent.VmResident(new HostName(host), new LaunchId(new Guid(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]))),
    ];

    public static VmEvent[] Migration(Guid id, string source, string destination) =>
    [
        new VmEvent.MigrationRequested(
            new RequestId($"m-{id:N}"), id, new HostName(source), new LaunchId(new Guid(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1])), new HostName(destination), MigrationPolicy.Default),
        new VmEvent.MigrationScheduled(id),
    ];

    public static VmEvent Ended(string reason) => new VmEvent.MigrationEnded(MigrationPhase.Failed, reason);

    public async Task Write(string vm, params VmEvent[] events)
    {
        if (!writers.TryGetValue(vm, out var writer))
        {
            writers[vm] = writer = system.ActorOf(Props.Create(() => new Writer(vm)));
        }

        await writer.Ask<string>(events, Limit);
    }

    /// <returns>Stops it.</returns>
    public Func<Task> Project(IVmFolds? folds = null, TimeSpan? gapPatience = null)
    {
        CancellationTokenSource stop = new();
        ProjectionSettings settings = new(TimeSpan.FromMilliseconds(50), gapPatience ?? TimeSpan.FromSeconds(1), BatchSize: 10, Histories: 2);
        var run = Task.Run(() => new Projection(Store, Histories, folds ?? new VmFolds(), settings, this, TimeProvider.System).Run(stop.Token));
        running.Add((stop, run));
        return async () =>
        {
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        };
    }

    public async Task CaughtUp() => Assert.True(await Queries.CatchUp(Limit, TimeProvider.System, CancellationToken.None), "the projection did not catch up");

    public void GapsWaited(long count) => Interlocked.Add(ref waits, count);

    public void Lag(TimeSpan behind)
    {
    }

    public void Unreadable(VmName vm, Exception cause) => Said.Enqueue($"unreadable {vm}");

    public void BegunAnew(string why) => Said.Enqueue(why);

    public async ValueTask DisposeAsync()
    {
        foreach (var (stop, run) in running)
        {
            await stop.CancelAsync();
            await run.ContinueWith(_ => { }, TaskScheduler.Default);
            stop.Dispose();
        }

        Histories.Dispose();
        await system.Terminate();
        database.Dispose();
    }

    private sealed class Writer : ReceivePersistentActor
    {
        public Writer(string vm)
        {
            PersistenceId = VmPersistence.IdOf(new VmName(vm));
            Recover<VmRecord>(_ => { });
            Command<VmEvent[]>(events =>
            {
                var left = events.Length;
                PersistAll(events.Select(happened => new VmRecord(happened, DateTimeOffset.UnixEpoch.AddSeconds(LastSequenceNr), "node")), _ =>
                {
                    if (--left == 0)
                    {
                        Sender.Tell("written");
                    }
                });
            });
        }

        public override string PersistenceId { get; }
    }
}
