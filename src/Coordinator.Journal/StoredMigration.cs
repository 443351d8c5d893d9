using System.Runtime.Serialization;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Journal.Stored;

namespace Coordinator.Journal;

/// <summary>The events with more than a few fields, both ways.</summary>
internal static class StoredMigration
{
    internal static MigrationRequested Write(VmEvent.MigrationRequested e) => new()
    {
        Request = e.Request.Value,
        Id = StoredFields.Uuid(e.Id),
        Source = e.Source.Value,
        SourceLaunch = StoredFields.Uuid(e.SourceLaunch.Value),
        Destination = e.Destination.Value,
        Policy = new Policy
        {
            DowntimeLimitMs = e.Policy.DowntimeLimitMs,
            BandwidthBytesPerSec = e.Policy.BandwidthBytesPerSec,
            PrepareDeadlineMs = e.Policy.PrepareDeadlineMs,
            IterateDeadlineMs = e.Policy.IterateDeadlineMs,
            SwitchoverDeadlineMs = e.Policy.SwitchoverDeadlineMs,
            VerifyMs = e.Policy.VerifyMs,
            MaxAttempts = e.Policy.MaxAttempts,
            RehearsalBudgetMs = e.Policy.RehearsalBudgetMs,
            OnRehearsalOverBudget = StoredWords.Write(e.Policy.OnRehearsalOverBudget),
            Priority = StoredWords.Write(e.Policy.Priority),
            QueueDeadlineMs = e.Policy.QueueDeadlineMs,
        },
    };

    internal static VmEvent Read(MigrationRequested e)
    {
        Policy policy = e.Policy ?? throw new SerializationException("a requested migration without its policy");
        return new VmEvent.MigrationRequested(
            new RequestId(e.Request),
            StoredFields.Uuid(e.Id),
            new HostName(e.Source),
            new LaunchId(StoredFields.Uuid(e.SourceLaunch)),
            new HostName(e.Destination),
            new MigrationPolicy
            {
                DowntimeLimitMs = policy.DowntimeLimitMs,
                BandwidthBytesPerSec = policy.BandwidthBytesPerSec,
                PrepareDeadlineMs = policy.PrepareDeadlineMs,
                IterateDeadlineMs = policy.IterateDeadlineMs,
                SwitchoverDeadlineMs = policy.SwitchoverDeadlineMs,
                VerifyMs = policy.VerifyMs,
                MaxAttempts = policy.MaxAttempts,
                RehearsalBudgetMs = policy.RehearsalBudgetMs,
                OnRehearsalOverBudget = StoredWords.Read(policy.OnRehearsalOverBudget),
                Priority = StoredWords.Read(policy.Priority),
                QueueDeadlineMs = policy.HasQueueDeadlineMs ? policy.QueueDeadlineMs : MigrationPolicy.Default.QueueDeadlineMs,
            });
    }

    internal static RehearsalCompleted Write(VmEvent.RehearsalCompleted e) => new()
    {
        Attempt = e.Attempt.Value,
        RoundTripMicros = e.Measured.RoundTripMicros,
        SyncMicros = e.Measured.SyncMicros,
        ClockOffsetMicros = e.Measured.ClockOffsetMicros,
        ClockUncertaintyMicros = e.Measured.ClockUncertaintyMicros,
    };

    internal static VmEvent Read(RehearsalCompleted e) => new VmEvent.RehearsalCompleted(
        StoredFields.Attempt(e.Attempt), new Rehearsal(e.RoundTripMicros, e.SyncMicros, e.ClockOffsetMicros, e.ClockUncertaintyMicros));

    internal static IterationCompleted Write(VmEvent.IterationCompleted e) => new()
    {
        Attempt = e.Attempt.Value,
        Pass = e.Progress.Pass,
        RemainingBytes = e.Progress.RemainingBytes,
        TransferredBytes = e.Progress.TransferredBytes,
        TotalBytes = e.Progress.TotalBytes,
        DirtyPagesPerSec = e.Progress.DirtyPagesPerSec,
        ElapsedMs = e.Progress.ElapsedMs,
    };

    internal static VmEvent Read(IterationCompleted e) => new VmEvent.IterationCompleted(
        StoredFields.Attempt(e.Attempt), new CopyProgress(e.Pass, e.RemainingBytes, e.TransferredBytes, e.TotalBytes, e.DirtyPagesPerSec, e.ElapsedMs));

    internal static BlackoutMeasured Write(VmEvent.BlackoutMeasured e)
    {
        Blackout blackout = e.Blackout;
        BlackoutMeasured stored = new()
        {
            Attempt = e.Attempt.Value,
            TotalMicros = blackout.TotalMicros,
            StopMicros = blackout.StopMicros,
            StreamMicros = blackout.StreamMicros,
            ReleaseMicros = blackout.ReleaseMicros,
            GateMicros = blackout.GateMicros,
            GrantMicros = blackout.GrantMicros,
            ResumeMicros = blackout.ResumeMicros,
            UncertaintyMicros = blackout.UncertaintyMicros,
        };
        if (blackout.LoadMicros is { } load)
        {
            stored.LoadMicros = load;
        }

        if (blackout.QemuDowntimeMs is { } downtime)
        {
            stored.QemuDowntimeMs = downtime;
        }

        return stored;
    }

    internal static VmEvent Read(BlackoutMeasured e) => new VmEvent.BlackoutMeasured(
        StoredFields.Attempt(e.Attempt),
        new Blackout(
            e.TotalMicros,
            e.StopMicros,
            e.StreamMicros,
            e.HasLoadMicros ? e.LoadMicros : null,
            e.ReleaseMicros,
            e.GateMicros,
            e.GrantMicros,
            e.ResumeMicros,
            e.UncertaintyMicros)
        {
            QemuDowntimeMs = e.HasQemuDowntimeMs ? e.QemuDowntimeMs : null,
        });

    internal static GateRefused Write(VmEvent.GateRefused e)
    {
        GateRefused stored = new() { Attempt = e.Attempt.Value };
        stored.Findings.AddRange(e.Findings);
        return stored;
    }

    internal static VmEvent Read(GateRefused e) => new VmEvent.GateRefused(StoredFields.Attempt(e.Attempt), e.Findings.ToEquatableList());
}
