using Akka.Actor;
using Akka.Event;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Reading;
using Coordinator.Actors.Views;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.ReadModel;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Migrations;

/// <summary>
/// All VMs and their migrations, for lists, from the read model: what was journalled before the question is in the answer, or the log says that it may not be. Single old migrations come from the
/// journal itself.
/// </summary>
public sealed class VmIndex(ActorSystem system) : IDisposable
{
    private readonly Lazy<ReadModelQueries> _queries = new(() => new ReadModelQueries(system.Settings.Setup.Get<SqlStoreSetup>().Value.Store));
    private readonly Lazy<HistoryReader> _histories = new(() => new HistoryReader(system));
    private readonly Lazy<TimeSpan> _wait = new(() => ReadModelSettings.Of(system.Settings.Config).ListWait);

    /// <summary>By name; every VM that a coordinator ever wrote something of.</summary>
    /// <exception cref="PageTokenException">The token was not given with such a page.</exception>
    public async Task<(IReadOnlyList<Api.VirtualMachine> Shown, string Next)> VirtualMachines(string host, int pageSize, string pageToken, CancellationToken stop)
    {
        Page page = await Ask(queries => queries.VirtualMachines(host, pageSize, pageToken), stop).ConfigureAwait(false);
        return (page.Views.Select(Api.VirtualMachine.Parser.ParseFrom).ToList(), page.Next);
    }

    /// <summary>Newest first.</summary>
    /// <exception cref="PageTokenException">The token was not given with such a page.</exception>
    public async Task<(IReadOnlyList<Api.Migration> Shown, string Next)> Migrations(
        string vm, string host, IReadOnlyList<string> phases, int pageSize, string pageToken, CancellationToken stop)
    {
        Page page = await Ask(queries => queries.Migrations(vm, host, phases, pageSize, pageToken), stop).ConfigureAwait(false);
        return (page.Views.Select(Api.Migration.Parser.ParseFrom).ToList(), page.Next);
    }

    /// <summary>Names of the VMs on each host.</summary>
    public Task<ILookup<string, string>> Residents(CancellationToken stop) => Ask(queries => queries.Residents(), stop);

    /// <summary>One that its entity has no room for any more: from the journal, or from the tables if it is older than what a history is folded to.</summary>
    /// <returns>Null when there is none.</returns>
    public async Task<Api.Migration?> Old(VmName vm, string id, CancellationToken stop)
    {
        VmHistory history = await Read(vm).ConfigureAwait(false);
        if (history.Stories.FirstOrDefault(s => s.IsWhole && s.State.Id.ToString() == id) is { } story)
        {
            return MigrationView.Of(vm, story, history.State, history.Sequence, LiveMigration.None);
        }

        return await Ask(queries => queries.Migration(id), stop).ConfigureAwait(false) is { } row && Api.Migration.Parser.ParseFrom(row) is { } old && old.Vm == vm.Value ? old : null;
    }

    /// <summary>For tests and repairs: what the journal says of one VM.</summary>
    internal async Task<VmState> StateOf(VmName vm) => (await Read(vm).ConfigureAwait(false)).State;

    public void Dispose()
    {
        if (_histories.IsValueCreated)
        {
            _histories.Value.Dispose();
        }
    }

    private async Task<VmHistory> Read(VmName vm)
    {
        VmHistory history = new();
        await _histories.Value.Read(vm, 1, history.Apply).ConfigureAwait(false);
        return history;
    }

    /// <summary>The SQLite provider works on the calling thread, hence Task.Run.</summary>
    private Task<T> Ask<T>(Func<ReadModelQueries, T> question, CancellationToken stop) => Task.Run(
        async () =>
        {
            if (!await _queries.Value.CatchUp(_wait.Value, TimeProvider.System, stop).ConfigureAwait(false))
            {
                system.Log.Warning("a list is answered from tables that have been behind the journal for more than {0}", _wait.Value);
            }

            return question(_queries.Value);
        },
        stop);
}
