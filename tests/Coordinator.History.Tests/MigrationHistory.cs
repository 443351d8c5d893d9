using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.History.Tests;

/// <summary>One VM's history written by hand: times in milliseconds, hosts a (source) and b (destination), attempt 1.</summary>
internal sealed class MigrationHistory
{
    internal static readonly VmName Vm = new("vm-1");
    internal static readonly HostName A = new("a");
    internal static readonly HostName B = new("b");
    internal static readonly Copy AtSource = Copy.OfLaunch(A, new LaunchId(new Guid("aaaaaaaa-0000-0000-0000-000000000000")));
    internal static readonly Copy AtDestination = Copy.OfLaunch(B, new LaunchId(new Guid("bbbbbbbb-0000-0000-0000-000000000000")));
    internal static readonly StoreInstanceId Store = new(new Guid("55555555-0000-0000-0000-000000000000"));
    internal static readonly AttemptNo First = new(1);
    internal static readonly Guid Migration = new("11111111-0000-0000-0000-000000000000");

    private readonly List<HistoryRecord> _records = [];

    internal IReadOnlyList<HistoryRecord> Records => [.. _records.OrderBy(record => record.AtMicros)];

    internal static IncarnationId Incarnation(int number) => new(new Guid(number, 0, 0, new byte[8]));

    internal MigrationHistory Add(HistoryRecord record)
    {
        _records.Add(record);
        return this;
    }

    internal MigrationHistory Runs(Copy copy, double fromMs, double? untilMs = null, bool processEnded = false)
    {
        Add(new RunBegan(Micros(fromMs), Vm, copy));
        return untilMs is { } until ? Add(new RunEnded(Micros(until), Vm, copy, processEnded)) : this;
    }

    internal MigrationHistory Prepared(double atMs = 0) => Add(new AttemptPrepared(Micros(atMs), Vm, First, AtSource, AtDestination, Store));

    internal MigrationHistory Completed(double atMs) => Add(new SourceCompleted(Micros(atMs), Vm, First, AtSource));

    /// <summary>Null outcome: never answered.</summary>
    internal MigrationHistory Operation(RegisterOperationKind kind, double fromMs, double untilMs, RegisterOutcome? outcome)
    {
        string operation = $"{kind}-{_records.Count}";
        Add(new RegisterInvoked(Micros(fromMs), Vm, First, Store, operation, kind, kind <= RegisterOperationKind.Refuse ? A : B));
        return outcome is { } known ? Add(new RegisterAnswered(Micros(untilMs), Vm, operation, known)) : this;
    }

    internal MigrationHistory Fault(Party party, FaultKind kind, double fromMs, double? untilMs = null)
    {
        Add(new FaultBegan(Micros(fromMs), party, kind));
        return untilMs is { } until ? Add(new FaultEnded(Micros(until), party, kind)) : this;
    }

    internal MigrationHistory Acknowledged(double atMs, string request = "r-1", Guid? migration = null) =>
        Add(new RequestAcknowledged(Micros(atMs), Vm, new RequestId(request), migration ?? Migration));

    internal MigrationHistory Seen(double atMs, MigrationPhase phase, MigrationVerdict? verdict = null) => Add(new ResultSeen(Micros(atMs), Vm, Migration, phase, verdict));

    /// <summary>A whole migration without a fault: stopped at 100 ms, running at the destination at 120 ms.</summary>
    internal static MigrationHistory Good() => new MigrationHistory()
        .Add(new EpochAccepted(0, Vm, A, Store, new Epoch(1), Incarnation(1)))
        .Runs(AtSource, 1, 100)
        .Acknowledged(2)
        .Prepared(5)
        .Operation(RegisterOperationKind.Open, 5, 6, RegisterOutcome.Done)
        .Add(new SwitchoverAuthorised(Micros(10), Vm, First))
        .Add(new MigrateIssued(Micros(12), Vm, First, AtSource))
        .Completed(110)
        .Operation(RegisterOperationKind.Released, 111, 113, RegisterOutcome.Undecided)
        .Operation(RegisterOperationKind.Grant, 114, 118, RegisterOutcome.Done)
        .Operation(RegisterOperationKind.Released, 117, 119, RegisterOutcome.Run)
        .Runs(AtDestination, 120)
        .Operation(RegisterOperationKind.RecordRunning, 121, 123, RegisterOutcome.Done)
        .Operation(RegisterOperationKind.Read, 130, 131, RegisterOutcome.Running)
        .Seen(200, MigrationPhase.Succeeded, MigrationVerdict.Verified);

    /// <summary>The source completed, the gate closed, the register refused, the source runs again.</summary>
    internal static MigrationHistory RolledBack() => new MigrationHistory()
        .Runs(AtSource, 1, 100)
        .Acknowledged(2)
        .Prepared(5)
        .Operation(RegisterOperationKind.Open, 5, 6, RegisterOutcome.Done)
        .Completed(110)
        .Operation(RegisterOperationKind.Released, 111, 113, RegisterOutcome.GateClosed)
        .Operation(RegisterOperationKind.Refuse, 114, 119, RegisterOutcome.Undecided)
        .Operation(RegisterOperationKind.SetRefused, 115, 117, RegisterOutcome.Done)
        .Operation(RegisterOperationKind.Refuse, 120, 125, RegisterOutcome.Refused)
        .Runs(AtSource, 126)
        .Seen(200, MigrationPhase.Failed);

    internal static long Micros(double ms) => (long)(ms * 1000);
}
