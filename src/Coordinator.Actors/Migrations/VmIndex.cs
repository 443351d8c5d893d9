using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence.Query;
using Akka.Persistence.Sql.Query;
using Akka.Streams;
using Akka.Streams.Dsl;
using Coordinator.Actors.Views;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Journal;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Migrations;

/// <summary>
/// All VMs and their migrations, folded from the journal itself: the same on every node, there after every restart, and never behind an acknowledged
/// request. What was folded is kept, so that a list reads only what is new. Meant for the small numbers of an embedded installation; a projection
/// into tables takes its place for more.
/// </summary>
public sealed class VmIndex(ActorSystem system) : IDisposable
{
    /// <summary>Journal reads at a time; SQLite serves one writer beside them.</summary>
    private const int Parallelism = 4;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ActorMaterializer _materializer = system.Materializer();

    /// <summary>Every VM that a coordinator ever wrote something of, by name.</summary>
    public async Task<IReadOnlyList<Api.VirtualMachine>> VirtualMachines() =>
        await All((vm, history) => VirtualMachineView.Of(vm, history, views: null)).ConfigureAwait(false);

    /// <summary>Newest first; of every VM unless one is named.</summary>
    public async Task<IReadOnlyList<Api.Migration>> Migrations(string vm)
    {
        ArgumentNullException.ThrowIfNull(vm);
        IReadOnlyList<IReadOnlyList<Api.Migration>> migrations = vm.Length == 0
            ? await All(Views).ConfigureAwait(false)
            : [await Read(new VmName(vm), Views).ConfigureAwait(false)];
        return migrations.SelectMany(m => m).OrderByDescending(m => m.RequestedAt?.ToDateTimeOffset()).ToList();
    }

    /// <summary>For tests and repairs: what the journal says of one VM.</summary>
    internal Task<VmState> StateOf(VmName vm) => Read(vm, (_, history) => history.State);

    public void Dispose() => _materializer.Dispose();

    private static IReadOnlyList<Api.Migration> Views(VmName vm, VmHistory history) =>
        history.Stories.Select(s => MigrationView.Of(vm, s, history.State, history.Sequence, LiveMigration.None)).ToList();

    private async Task<IReadOnlyList<T>> All<T>(Func<VmName, VmHistory, T> view)
    {
        SortedDictionary<string, VmName> vms = new(StringComparer.Ordinal);
        await Journal().CurrentPersistenceIds().RunForeach(
            id =>
            {
                if (VmPersistence.VmOf(id) is { } vm)
                {
                    vms[vm.Value] = vm;
                }
            },
            _materializer).ConfigureAwait(false);
        ConcurrentDictionary<string, T> views = new(StringComparer.Ordinal);
        await Parallel.ForEachAsync(vms.Values, new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, async (vm, _) =>
        {
            try
            {
                views[vm.Value] = await Read(vm, view).ConfigureAwait(false);
            }
            catch (Exception unreadable) when (unreadable is not OperationCanceledException)
            {
                // One history that a person must look at does not hide the others.
                system.Log.Error(unreadable, "the journal of VM {0} cannot be read back; it is missing in lists", vm);
            }
        }).ConfigureAwait(false);
        return views.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => v.Value).ToList();
    }

    /// <summary>The view is taken under the entry's turn: the next reader goes on folding the same history.</summary>
    private async Task<T> Read<T>(VmName vm, Func<VmName, VmHistory, T> view)
    {
        Entry entry = _entries.GetOrAdd(vm.Value, _ => new Entry());
        await entry.Turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await Journal().CurrentEventsByPersistenceId(VmPersistence.IdOf(vm), entry.History.Sequence + 1, long.MaxValue)
                .RunForeach(envelope => entry.History.Apply((VmRecord)envelope.Event, envelope.SequenceNr), _materializer).ConfigureAwait(false);
            return view(vm, entry.History);
        }
        finally
        {
            entry.Turn.Release();
        }
    }

    private SqlReadJournal Journal() => PersistenceQuery.Get(system).ReadJournalFor<SqlReadJournal>(SqlReadJournal.Identifier);

    private sealed class Entry
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public VmHistory History { get; } = new();
    }
}
