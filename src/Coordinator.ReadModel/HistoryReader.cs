using Akka.Actor;
using Akka.Persistence.Query;
using Akka.Persistence.Sql.Query;
using Akka.Streams;
using Akka.Streams.Dsl;
using Coordinator.Domain;
using Coordinator.Journal;

namespace Coordinator.ReadModel;

/// <summary>One VM's events from the journal, through the same serializers as the entity's own recovery.</summary>
public sealed class HistoryReader(ActorSystem system) : IDisposable
{
    private readonly ActorMaterializer materializer = system.Materializer();
    private readonly SqlReadJournal journal = PersistenceQuery.Get(system).ReadJournalFor<SqlReadJournal>(SqlReadJournal.Identifier);

    /// <summary>In order, up to what is there now.</summary>
    public Task Read(VmName vm, long fromSequence, Action<VmRecord, long> apply) => journal
        .CurrentEventsByPersistenceId(VmPersistence.IdOf(vm), fromSequence, long.MaxValue)
        .RunForeach(envelope => apply((VmRecord)envelope.Event, envelope.SequenceNr), materializer);

    public void Dispose() => materializer.Dispose();
}
