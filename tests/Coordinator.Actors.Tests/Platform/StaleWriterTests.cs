using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Persistence;
using Coordinator.Actors.Platform;

namespace Coordinator.Actors.Tests.Platform;

/// <summary>Two nodes' journals on one file: what one node records after the other has taken over an entity.</summary>
public sealed class StaleWriterTests : IAsyncLifetime
{
    private const int InnocentCount = 50;
    private const int WritesEach = 10;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TemporaryDirectory directory = new();
    private readonly SqliteStore store;
    private readonly ActorSystem staleNode;
    private readonly ActorSystem liveNode;

    public StaleWriterTests()
    {
        store = new SqliteStore(directory.DatabaseFile);
        store.CreateAndVerify(shardCount: 20);
        staleNode = JournalOnlySystem.Create("stale", store);
        liveNode = JournalOnlySystem.Create("live", new SqliteStore(directory.DatabaseFile));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await staleNode.Terminate();
        await liveNode.Terminate();
        directory.Dispose();
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
        Assert.Equal("vm-x: UNIQUE constraint failed", Assert.Single(stopped));
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
        using var writer = store.Open();
        using var writing = writer.BeginTransaction();

        // The write lock is held until the test ends: an answer at all is the proof.
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
            var refused = cause.Message.Contains("UNIQUE constraint failed: journal.persistence_id, journal.sequence_number", StringComparison.Ordinal);
            stopped.Enqueue($"{PersistenceId}: {(refused ? "UNIQUE constraint failed" : cause.Message)}");
        }
    }
}
