using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.Virtqueues;
using Coordinator.Journal.Stored;

namespace Coordinator.Journal;

/// <summary>Enums both ways, spelled out: a renamed or reordered member of the domain must never change what is stored.</summary>
internal static class StoredWords
{
    internal static Phase Write(MigrationPhase phase) => phase switch
    {
        MigrationPhase.Pending => Phase.Pending,
        MigrationPhase.Scheduling => Phase.Scheduling,
        MigrationPhase.PreparingDestination => Phase.PreparingDestination,
        MigrationPhase.Iterating => Phase.Iterating,
        MigrationPhase.Switchover => Phase.Switchover,
        MigrationPhase.Verifying => Phase.Verifying,
        MigrationPhase.Finishing => Phase.Finishing,
        MigrationPhase.Succeeded => Phase.Succeeded,
        MigrationPhase.RollingBack => Phase.RollingBack,
        MigrationPhase.Cancelled => Phase.Cancelled,
        MigrationPhase.Failed => Phase.Failed,
        MigrationPhase.InDoubt => Phase.InDoubt,
        MigrationPhase.Lost => Phase.Lost,
        _ => throw StoredFields.Unspecified(phase),
    };

    internal static MigrationPhase Read(Phase phase) => phase switch
    {
        Phase.Pending => MigrationPhase.Pending,
        Phase.Scheduling => MigrationPhase.Scheduling,
        Phase.PreparingDestination => MigrationPhase.PreparingDestination,
        Phase.Iterating => MigrationPhase.Iterating,
        Phase.Switchover => MigrationPhase.Switchover,
        Phase.Verifying => MigrationPhase.Verifying,
        Phase.Finishing => MigrationPhase.Finishing,
        Phase.Succeeded => MigrationPhase.Succeeded,
        Phase.RollingBack => MigrationPhase.RollingBack,
        Phase.Cancelled => MigrationPhase.Cancelled,
        Phase.Failed => MigrationPhase.Failed,
        Phase.InDoubt => MigrationPhase.InDoubt,
        Phase.Lost => MigrationPhase.Lost,
        _ => throw StoredFields.Unspecified(phase),
    };

    internal static OverBudget Write(OverBudgetAction action) => action switch
    {
        OverBudgetAction.Warn => OverBudget.Warn,
        OverBudgetAction.Refuse => OverBudget.Refuse,
        _ => throw StoredFields.Unspecified(action),
    };

    internal static OverBudgetAction Read(OverBudget action) => action switch
    {
        OverBudget.Warn => OverBudgetAction.Warn,
        OverBudget.Refuse => OverBudgetAction.Refuse,
        _ => throw StoredFields.Unspecified(action),
    };

    internal static Priority Write(MigrationPriority priority) => priority switch
    {
        MigrationPriority.Drain => Priority.Drain,
        MigrationPriority.User => Priority.User,
        MigrationPriority.System => Priority.System,
        _ => throw StoredFields.Unspecified(priority),
    };

    /// <summary>Unspecified stands for what was written before there were priorities.</summary>
    internal static MigrationPriority Read(Priority priority) => priority switch
    {
        Priority.Drain => MigrationPriority.Drain,
        Priority.Unspecified or Priority.User => MigrationPriority.User,
        Priority.System => MigrationPriority.System,
        _ => throw StoredFields.Unspecified(priority),
    };

    internal static Outcome Write(ParityOutcome outcome) => outcome switch
    {
        ParityOutcome.Equal => Outcome.Equal,
        ParityOutcome.Mismatch => Outcome.Mismatch,
        ParityOutcome.NotSetUp => Outcome.NotSetUp,
        ParityOutcome.NotObservable => Outcome.NotObservable,
        ParityOutcome.LapBlind => Outcome.LapBlind,
        ParityOutcome.Unchecked => Outcome.Unchecked,
        _ => throw StoredFields.Unspecified(outcome),
    };

    internal static ParityOutcome Read(Outcome outcome) => outcome switch
    {
        Outcome.Equal => ParityOutcome.Equal,
        Outcome.Mismatch => ParityOutcome.Mismatch,
        Outcome.NotSetUp => ParityOutcome.NotSetUp,
        Outcome.NotObservable => ParityOutcome.NotObservable,
        Outcome.LapBlind => ParityOutcome.LapBlind,
        Outcome.Unchecked => ParityOutcome.Unchecked,
        _ => throw StoredFields.Unspecified(outcome),
    };

    internal static RecordKind Write(ObservationKind kind) => kind switch
    {
        ObservationKind.Provisional => RecordKind.Provisional,
        ObservationKind.Final => RecordKind.Final,
        ObservationKind.Unloaded => RecordKind.Unloaded,
        _ => throw StoredFields.Unspecified(kind),
    };

    internal static ObservationKind Read(RecordKind kind) => kind switch
    {
        RecordKind.Provisional => ObservationKind.Provisional,
        RecordKind.Final => ObservationKind.Final,
        RecordKind.Unloaded => ObservationKind.Unloaded,
        _ => throw StoredFields.Unspecified(kind),
    };

    internal static Layout Write(RingLayout layout) => layout switch
    {
        RingLayout.Split => Layout.Split,
        RingLayout.Packed => Layout.Packed,
        _ => throw StoredFields.Unspecified(layout),
    };

    internal static RingLayout Read(Layout layout) => layout switch
    {
        Layout.Split => RingLayout.Split,
        Layout.Packed => RingLayout.Packed,
        _ => throw StoredFields.Unspecified(layout),
    };

    internal static Verdict Write(MigrationVerdict verdict) => verdict switch
    {
        MigrationVerdict.Verified => Verdict.Verified,
        MigrationVerdict.VerifiedLapBlind => Verdict.VerifiedLapBlind,
        MigrationVerdict.Suspect => Verdict.Suspect,
        MigrationVerdict.Refused => Verdict.Refused,
        _ => throw StoredFields.Unspecified(verdict),
    };

    internal static MigrationVerdict Read(Verdict verdict) => verdict switch
    {
        Verdict.Verified => MigrationVerdict.Verified,
        Verdict.VerifiedLapBlind => MigrationVerdict.VerifiedLapBlind,
        Verdict.Suspect => MigrationVerdict.Suspect,
        Verdict.Refused => MigrationVerdict.Refused,
        _ => throw StoredFields.Unspecified(verdict),
    };
}
