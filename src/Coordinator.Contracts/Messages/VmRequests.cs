namespace Coordinator.Contracts;

/// <summary>
/// How a migration is to be carried out; null takes the default. Ranges and defaults are those of <c>MigrationPolicy</c> in coordinator.proto; a value
/// outside is answered
/// <see cref="AnswerKind.InvalidArgument"/>.
/// </summary>
public sealed record PolicyChoice(
    int? DowntimeLimitMs,
    long? BandwidthBytesPerSec,
    int? PrepareDeadlineMs,
    long? IterateDeadlineMs,
    int? SwitchoverDeadlineMs,
    int? VerifyMs,
    int? MaxAttempts,
    int? RehearsalBudgetMs,
    bool? RefuseOverBudget);

/// <summary>Move a VM. Answered with a <see cref="VmAnswer"/> after the request is journalled; a repeated request id gets the first one's migration.</summary>
public sealed record StartMigration(string Vm, string RequestId, string DestinationHost, PolicyChoice Policy) : IWireMessage;

/// <summary>Legal in every phase; what became of it is told by how the migration ends.</summary>
public sealed record CancelMigration(string Vm, string RequestId) : IWireMessage;

/// <summary>Launch a VM's one copy on a host, from the text of its definition.</summary>
public sealed record StartVirtualMachine(string Vm, string RequestId, string Host, string DefinitionYaml) : IWireMessage;

public sealed record StopVirtualMachine(string Vm, string RequestId) : IWireMessage;

/// <summary>The VM as it is now, with a migration: the one named, or the newest when <paramref name="MigrationId"/> is empty.</summary>
public sealed record GetVm(string Vm, string MigrationId) : IWireMessage;

/// <summary>
/// Have <see cref="VmChanged"/> sent to the sender now and after every change, until it stops or sends <see cref="UnwatchVm"/>. Repeated by watchers:
/// an entity that moved to another node does not know them any more.
/// </summary>
public sealed record WatchVm(string Vm) : IWireMessage;

public sealed record UnwatchVm(string Vm) : IWireMessage;
