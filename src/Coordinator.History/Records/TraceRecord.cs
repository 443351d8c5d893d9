using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>A command was handed to one of a QEMU's monitors.</summary>
/// <param name="Operation">Unique within one history; repeated by <see cref="CommandReplied"/>.</param>
/// <param name="Lane">Which of the QEMU's monitors, and whether out of band: within one lane commands are carried out in the order in which they were sent.</param>
/// <param name="Name">As QEMU spells it.</param>
/// <param name="Arguments">As JSON; null for none.</param>
public sealed record CommandSent(
    long AtMicros, VmName Vm, Copy Copy, string Operation, string Lane, string Name, string? Arguments) : VmRecord(AtMicros, Vm);

/// <param name="AtMicros">When it was read.</param>
/// <param name="Vm">Whose.</param>
/// <param name="Copy">Which.</param>
/// <param name="Operation">Of the <see cref="CommandSent"/>.</param>
/// <param name="Error">QEMU's <c>desc</c>; null when it succeeded.</param>
/// <param name="Run">QEMU's run state; of <c>query-status</c> only.</param>
/// <param name="Status">QEMU's migration status, <c>none</c> when it named none; of <c>query-migrate</c> only.</param>
public sealed record CommandReplied(
    long AtMicros, VmName Vm, Copy Copy, string Operation, string? Error, string? Run, string? Status) : VmRecord(AtMicros, Vm);

/// <summary>An event of QEMU.</summary>
/// <param name="AtMicros">QEMU's own timestamp.</param>
/// <param name="Vm">Whose.</param>
/// <param name="Copy">Which.</param>
/// <param name="Name">STOP, RESUME or MIGRATION; others are not recorded.</param>
/// <param name="Status">Of MIGRATION only.</param>
/// <param name="ByObserver">Seen on the outside observer's own monitor, which misses none; else by an agent, which may have been disconnected.</param>
public sealed record EventSeen(long AtMicros, VmName Vm, Copy Copy, string Name, string? Status, bool ByObserver) : VmRecord(AtMicros, Vm);

/// <summary>A QEMU process came up. <paramref name="Incoming"/>: with <c>-incoming defer</c>. Every one has <c>-S</c>.</summary>
public sealed record QemuLaunched(long AtMicros, VmName Vm, Copy Copy, int Pid, bool Incoming, bool ByObserver) : VmRecord(AtMicros, Vm);

/// <summary>A QEMU process was found dead: a little after it died.</summary>
public sealed record QemuExited(long AtMicros, VmName Vm, Copy Copy, bool ByObserver) : VmRecord(AtMicros, Vm);

/// <summary>A process that writes histories began to. <paramref name="Host"/> null: not an agent.</summary>
public sealed record WriterBegan(long AtMicros, string Writer, HostName? Host) : HistoryRecord(AtMicros);

/// <summary>The writer ended in order, so nothing is missing. One that was killed has no such record, and its last lines may be missing.</summary>
public sealed record WriterEnded(long AtMicros, string Writer) : HistoryRecord(AtMicros);

/// <summary>The writer could not keep up: so many records were left out here.</summary>
public sealed record RecordsDropped(long AtMicros, string Writer, long Count) : HistoryRecord(AtMicros);
