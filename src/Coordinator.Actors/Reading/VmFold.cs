using Coordinator.Actors.Migrations;
using Coordinator.Actors.Views;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Journal;
using Coordinator.ReadModel;
using Google.Protobuf;

namespace Coordinator.Actors.Reading;

/// <summary>Rows as the entity itself would show them without its agents.</summary>
internal sealed class VmFolds : IVmFolds
{
    public int Version => 1;

    public IVmFold Begin(VmName vm) => new VmFold(vm);
}

/// <summary>One VM's history with what has changed since its rows were last taken.</summary>
internal sealed class VmFold(VmName vm) : IVmFold
{
    private readonly VmHistory history = new();

    // Of migrations that newer ones have followed within this fold: the history keeps the last few only.
    private readonly List<MigrationRow> ended = [];
    private bool newestChanged;

    public long Sequence => history.Sequence;

    public void Apply(VmRecord record, long sequence)
    {
        if (record.Event is VmEvent.MigrationRequested && newestChanged)
        {
            ended.Add(Row(history.Newest!));
            newestChanged = false;
        }

        history.Apply(record, sequence);
        newestChanged |= history.Newest is not null;
    }

    public VmRows TakeRows()
    {
        var state = history.State;
        VmRow row = new(
            vm,
            history.Sequence,
            state.Residence.Kind.ToString(),
            state.Residence.Host?.Value ?? "",
            state.IsMigrating || !state.Owed.IsEmpty || state.Residence.Kind is ResidenceKind.Starting or ResidenceKind.Stopping,
            history.ChangedAt,
            VirtualMachineView.Of(vm, history, views: null).ToByteArray());
        VmRows rows = new(row, newestChanged ? [.. ended, Row(history.Newest!)] : [.. ended]);
        ended.Clear();
        newestChanged = false;
        return rows;
    }

    private MigrationRow Row(MigrationStory story)
    {
        var view = MigrationView.Of(vm, story, history.State, history.Sequence, LiveMigration.None);
        return new MigrationRow(
            view.Id, vm, history.Sequence, view.Phase, view.Terminal, view.SourceHost, view.DestinationHost, PolicyText.Write(story.State.Policy.Priority), story.RequestedAt ?? history.ChangedAt, story.EndedAt, view.ToByteArray());
    }
}
