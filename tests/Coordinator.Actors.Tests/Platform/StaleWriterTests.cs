using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Persistence;
using Coordinator.Actors.Platform;
using Coordinator.Journal;
using Coordinator.PostgresLab;

namespace Coordinator.Actors.Tests.Platform;

public sealed class SqliteStaleWriterTests() : StaleWriterTests(new SqliteTestDatabase());

public sealed class PostgresStaleWriterTests(ThrowawayPostgres server) : StaleWriterTests(new PostgresTestDatabase(server)), IClassFixture<ThrowawayPostgres>;

/// <summary>Two nodes' journals on one database: what one node records after the other has taken over an entity.</summary>
public abstract class StaleWriterTests : IAsyncLifetime
{
    private const int InnocentCount = 50;
    private const int WritesEach = 10;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TestDatabase database;
    private readonly ActorSystem staleNode;
    private readonly ActorSystem liveNode;

    protected StaleWriterTests(TestDatabase database)
    {
        this.database = database;
        staleNode = JournalOnlySystem.Create("stale", database.NewVerifiedStore());
        liveNode = JournalOnlySystem.Create("live", database.NewStore());
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await staleNode.Terminate();
        await liveNode.Terminate();
        database.Dispose();
    }

    [Fact]
    public async Task Journal_StaleWriterAmongMany_IsRefusedAndNoInnocentIsDisturbed()
    {
        var stopped = new ConcurrentQueue<string>();
        var stale = staleNode.ActorOf(Writer.Props("vm-x", stopped));
        Assert.Equal(1, await stale.Ask<long>("write", Limit));
        var innocents = Enumerable.Range(0, InnocentCount).Select(number => staleNode.ActorOf(Writer.Props($"vm-{number}", stopped))).ToArray();
        await Task.WhenAll(innocents.Select(innocent => innocent.Ask<long>("write", Limit)));

        // The live incarnation takes over, as IncarnationStarted does.
        var live = liveNode.ActorOf(Writer.Props("vm-x", stopped));
        Assert.Equal(2, await live.Ask<long>("write", Limit));

        var writes = innocents.SelectMany(innocent => Enumerable.Range(0, WritesEach).Select(_ => innocent.Ask<long>("write", Limit))).ToArray();
        stale.Tell("write");
        Assert.Equal(InnocentCount * WritesEach, (await Task.WhenAll(writes)).Length);

        Assert.True(await Eventually.IsTrue(() => !stopped.IsEmpty, Limit), "the stale writer was not stopped");
        Assert.Equal(3, await live.Ask<long>("write", Limit));
        Assert.Equal(1 + WritesEach + 1, await innocents[0].Ask<long>("write", Limit));
        Assert.Equal("vm-x: not unique", Assert.Single(stopped));
    }

    [Fact]
    public async Task Journal_StaleWriterThatStartsAgain_ReadsWhatTheOtherRecorded()
    {
        var stopped = new ConcurrentQueue<string>();
        var stale = staleNode.ActorOf(Writer.Props("vm-x", stopped));
        Assert.Equal(1, await stale.Ask<long>("write", Limit));
        var live = liveNode.ActorOf(Writer.Props("vm-x", stopped));
        Assert.Equal(2, await live.Ask<long>("write", Limit));
        stale.Tell("write");
        Assert.True(await Eventually.IsTrue(() => !stopped.IsEmpty, Limit));
        Assert.Equal(3, await staleNode.ActorOf(Writer.Props("vm-x", stopped)).Ask<long>("write", Limit));
    }

    [Fact]
    public async Task Journal_RecoveryWhileAnotherProcessHoldsTheWriteLock_DoesNotWaitForIt()
    {
        var stopped = new ConcurrentQueue<string>();
        Assert.Equal(1, await staleNode.ActorOf(Writer.Props("vm-x", stopped)).Ask<long>("write", Limit));
        using var writer = database.NewStore().Open();
        using var writing = writer.BeginTransaction();

        // Of another place in the journal. SQLite's write lock is held until the test ends: an answer at all is the proof.
        new SqlSession(writer, writing).Execute("UPDATE platform_choice SET value = value");
        Assert.Equal(1, await liveNode.ActorOf(Writer.Props("vm-x", stopped)).Ask<long>("read", Limit));
        Assert.Empty(stopped);
    }

    private sealed class Writer : ReceivePersistentActor
    {
        private readonly ConcurrentQueue<string> stopped;

        public Writer(string persistenceId, ConcurrentQueue<string> stopped)
        {
            PersistenceId = persistenceId;
            this.stopped = stopped;
            Recover<long>(_ => { });
            Command<string>(command => command == "write", _ => Persist(1L, _ => Sender.Tell(LastSequenceNr)));
            Command<string>(command => command == "read", _ => Sender.Tell(LastSequenceNr));
        }

        public override string PersistenceId { get; }

        public static Props Props(string persistenceId, ConcurrentQueue<string> stopped) => Akka.Actor.Props.Create(() => new Writer(persistenceId, stopped));

        protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
        {
            var refused = cause.Message.Contains("UNIQUE constraint failed: journal.persistence_id, journal.sequence_number", StringComparison.Ordinal)
                || cause.Message.Contains("duplicate key value violates unique constraint \"journal_one_writer\"", StringComparison.Ordinal);
            stopped.Enqueue($"{PersistenceId}: {(refused ? "not unique" : cause.Message)}");
        }
    }
}
