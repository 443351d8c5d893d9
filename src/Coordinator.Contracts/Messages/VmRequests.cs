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

/// <summary>
/// <see cref="StartMigration"/> with its place in the queue.
/// </summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="RequestId">A repetition gets the first one's migration.</param>
/// <param name="DestinationHost">Where to.</param>
/// <param name="Policy">How.</param>
/// <param name="Priority">drain, user or system; empty for user.</param>
/// <param name="QueueDeadlineMs">How long it may wait for its turn, 1000 to 604800000; null for 24 h.</param>
public sealed record QueueMigration(string Vm, string RequestId, string DestinationHost, PolicyChoice Policy, string Priority, long? QueueDeadlineMs) : IWireMessage;

/// <summary>
/// Legal in every phase; what became of it is told by how the migration ends. Of the migration that is named, so that a late one ends no other; the newest when <paramref name="MigrationId"/> is empty.
/// </summary>
public sealed record CancelMigration(string Vm, string RequestId, string MigrationId) : IWireMessage;

/// <summary>
/// A host of the VM's migration is off. Without a <paramref name="Proof"/> the node's fencing hook is asked to prove it; with one it is the word of <paramref name="By"/>.
/// </summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="RequestId">A repetition is answered from the hook's run that the first one asked for.</param>
/// <param name="Attempt">Of the migration, as it was when somebody looked: the host may be mended before a repetition arrives.</param>
/// <param name="Host">Source or destination of the migration.</param>
/// <param name="By">Who says so, or wants the hook asked.</param>
/// <param name="Proof">How they know; empty for the hook.</param>
/// <param name="PowerOff">Ask the hook though the host's agent is connected, which is refused otherwise: the hook powers the host off with every guest on it.</param>
public sealed record ProveHostOff(string Vm, string RequestId, int Attempt, string Host, string By, string Proof, bool PowerOff) : IWireMessage;

/// <summary>
/// A person's word on a migration in doubt.
/// </summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="RequestId">Repeating it changes nothing.</param>
/// <param name="Attempt">Which doubt the word is about: one of another attempt is not settled by it.</param>
/// <param name="Choice">Lost, KeepSource, RunDestination or ReleaseFromRecord.</param>
/// <param name="By">Who says so.</param>
/// <param name="Proof">How they know.</param>
/// <param name="Disks">Which disks may be rewound; for KeepSource and RunDestination.</param>
/// <param name="RecordAttempt">Of the source agent's record; 0 for none, as are the two below then.</param>
/// <param name="RecordStore">The store that the record was meant for.</param>
/// <param name="RecordReleased">coordinator.handoff.v1.Released</param>
public sealed record ResolveDoubt(
    string Vm, string RequestId, int Attempt, string Choice, string By, string Proof, string[] Disks, int RecordAttempt, Guid RecordStore, byte[] RecordReleased) : IWireMessage;

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
