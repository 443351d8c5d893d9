using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Coordinator.Journal;

namespace Coordinator.Actors.Tests.Migrations;

/// <summary>
/// The in-memory journal with what ours has on top of it: a unique index, bytes instead of objects, and a connection that can break before or after a write.
/// </summary>
public sealed class TestJournal : MemoryJournal
{
    private readonly TestJournalScript _script;
    private readonly VmRecordSerializer _serializer = new(system: null!);

    public TestJournal(Config config) => _script = TestJournalScript.Of(config.GetString("script"));

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        AtomicWrite[] writes = messages.ToArray();
        foreach (IPersistentRepresentation item in writes.SelectMany(w => (IEnumerable<IPersistentRepresentation>)w.Payload))
        {
            Assert.Equal(item.Payload, _serializer.FromBinary(_serializer.ToBinary(item.Payload), _serializer.Manifest(item.Payload)));
        }

        bool failBefore, failAfter;
        lock (_script)
        {
            _script.Writes++;
            failBefore = _script.Writes == _script.LoseWrite;
            failAfter = _script.Writes == _script.LoseAnswerOfWrite;
            List<VmRecord> stored = writes.SelectMany(w => (IEnumerable<IPersistentRepresentation>)w.Payload).Select(p => (VmRecord)p.Payload).ToList();
            long first = writes[0].LowestSequenceNr;
            if (first != _script.Records.Count + 1)
            {
                throw new InvalidOperationException($"UNIQUE constraint failed: sequence number {first} exists; the journal holds {_script.Records.Count}");
            }

            if (!failBefore)
            {
                _script.Records.AddRange(stored);
            }
        }

        return failBefore
            ? throw new InvalidOperationException("the connection broke before the write")
            : failAfter ? StoreAndFail(writes, cancellationToken) : base.WriteMessagesAsync(writes, cancellationToken);
    }

    private async Task<IImmutableList<Exception>> StoreAndFail(AtomicWrite[] writes, CancellationToken stop)
    {
        await base.WriteMessagesAsync(writes, stop);
        throw new InvalidOperationException("the connection broke before the answer");
    }
}

/// <summary>What one test has its journal do, and what was written; one entity per test.</summary>
internal sealed class TestJournalScript
{
    private static readonly ConcurrentDictionary<string, TestJournalScript> s_scripts = new(StringComparer.Ordinal);

    public List<VmRecord> Records { get; } = [];

    public int Writes { get; set; }

    /// <summary>The n-th write fails and stores nothing; 0 for none.</summary>
    public int LoseWrite { get; set; }

    /// <summary>The n-th write is stored and its answer lost; 0 for none.</summary>
    public int LoseAnswerOfWrite { get; set; }

    public static TestJournalScript Of(string name) => s_scripts.GetOrAdd(name, _ => new TestJournalScript());

    public static void Forget(string name) => s_scripts.TryRemove(name, out _);
}
