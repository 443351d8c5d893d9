using Coordinator.Domain;
using Coordinator.Journal;

namespace Coordinator.ReadModel;

/// <summary>One VM in lists.</summary>
/// <param name="Vm">Its name.</param>
/// <param name="Sequence">Of its newest folded event.</param>
/// <param name="Residence">The word of the API.</param>
/// <param name="Host">Empty for none.</param>
/// <param name="IsOutstanding">Its entity has something to do.</param>
/// <param name="ChangedAt">Time of the newest event.</param>
/// <param name="View">The whole resource, as protobuf.</param>
public sealed record VmRow(VmName Vm, long Sequence, string Residence, string Host, bool IsOutstanding, DateTimeOffset ChangedAt, byte[] View);

/// <summary>One migration in lists.</summary>
public sealed record MigrationRow(
    string Id, VmName Vm, long Sequence, string Phase, bool IsTerminal, string SourceHost, string DestinationHost, string Priority, DateTimeOffset RequestedAt, DateTimeOffset? EndedAt, byte[] View);

/// <param name="Vm">As it is now.</param>
/// <param name="Migrations">Those that changed since the rows were last taken.</param>
public sealed record VmRows(VmRow Vm, IReadOnlyList<MigrationRow> Migrations);

/// <summary>One VM's history while it is folded.</summary>
public interface IVmFold
{
    long Sequence { get; }

    /// <exception cref="InvalidOperationException">The event cannot have happened.</exception>
    void Apply(VmRecord record, long sequence);

    /// <summary>Takes the rows; what has not changed by the next time is not given again.</summary>
    VmRows TakeRows();
}

/// <summary>How histories become rows. Not here, because the resources that the API shows are made where the entity makes them.</summary>
public interface IVmFolds
{
    /// <summary>1 or more; raised whenever the same history gives other rows: all rows are then made anew, by themselves.</summary>
    int Version { get; }

    IVmFold Begin(VmName vm);
}
