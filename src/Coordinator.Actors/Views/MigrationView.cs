using Coordinator.Actors.Migrations;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Google.Protobuf.WellKnownTypes;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Views;

/// <summary>What only the living entity knows of its migration; nothing of it is journalled.</summary>
/// <param name="Progress">Newest sample of the copying.</param>
/// <param name="Queues">What the queue actors show.</param>
/// <param name="Waiting">What is being waited for, one sentence; empty if nothing.</param>
/// <param name="Samples">Changes since the last journalled event.</param>
internal sealed record LiveMigration(CopyProgress? Progress, IReadOnlyList<LiveQueue> Queues, string Waiting, int Samples)
{
    internal static readonly LiveMigration None = new(Progress: null, [], "", 0);

    /// <summary>The journal's figures of the copying may be older than what was shown before a failover; none are shown until the source has been heard.</summary>
    internal bool FiguresAreOld { get; init; }

    /// <summary>What a person may choose; null unless the migration is in doubt.</summary>
    internal Api.Doubt? Doubt { get; init; }
}

/// <summary>The public resource <c>Migration</c>, from the journal's story and, if there is one, the living entity.</summary>
internal static class MigrationView
{
    /// <summary>Samples between two events do not reach this; the version stays growing.</summary>
    private const int SampleBits = 20;

    /// <summary>Sentences of a verdict that are shown; the table below names every queue.</summary>
    private const int ShownReasons = 3;

    internal static long Version(long sequence, int samples) => (sequence << SampleBits) | (long)Math.Min(samples, (1 << SampleBits) - 1);

    internal static long SequenceOf(long version) => version >> SampleBits;

    internal static Api.Migration Of(VmName vm, MigrationStory story, VmState state, long sequence, LiveMigration live)
    {
        MigrationState m = story.State;
        bool newest = state.Migration?.Id == m.Id;
        Api.Migration view = new()
        {
            Id = m.Id.ToString(),
            Vm = vm.Value,
            SourceHost = m.Source.Value,
            DestinationHost = m.Destination.Value,
            Phase = m.Phase.ToString(),
            Terminal = m.Phase.IsTerminal(),
            Attempt = m.Attempt.Value,
            CancelRequested = m.CancelRequested,
            Reason = Reason(story, newest ? live.Waiting : ""),
            Verdict = m.Verdict is { } verdict ? VmEventText.VerdictWord(verdict) : "",
            Version = Version(sequence, newest ? live.Samples : 0),
            Policy = PolicyText.Write(m.Policy),
        };
        if (((newest ? live.Progress : null) ?? story.Progress) is { } progress && !(newest && live.FiguresAreOld))
        {
            view.Progress = Progress(progress);
        }

        if (story.Blackout is { } blackout)
        {
            view.Blackout = Blackout(blackout);
        }

        if (story.Rehearsal is { } rehearsal)
        {
            view.Rehearsal = new Api.Rehearsal
            {
                RoundTripMicros = rehearsal.RoundTripMicros,
                SyncMicros = rehearsal.SyncMicros,
                ClockOffsetMicros = rehearsal.ClockOffsetMicros,
                ClockUncertaintyMicros = rehearsal.ClockUncertaintyMicros,
            };
        }

        view.RequestedAt = story.RequestedAt is { } requested ? Timestamp.FromDateTimeOffset(requested) : null;
        view.EndedAt = story.EndedAt is { } ended ? Timestamp.FromDateTimeOffset(ended) : null;
        view.Queues.AddRange(QueueTable.Of(story.Judged, newest ? live.Queues : []));
        view.Passes.AddRange(story.Passes.Select(Progress));
        view.Timeline.AddRange(story.Timeline.Select(Entry));
        if (newest)
        {
            view.Doubt = live.Doubt;
            view.Owed.AddRange(state.Owed.Select(VmEventText.Describe));
        }

        return view;
    }

    internal static string Reason(MigrationStory story, string waiting)
    {
        MigrationState m = story.State;
        if (m.Phase == MigrationPhase.Scheduling && waiting.Length > 0)
        {
            return waiting;
        }

        if (m.Reason.Length > 0)
        {
            return m.Reason;
        }

        if (m.Verdict == MigrationVerdict.Suspect)
        {
            IReadOnlyCollection<VirtqueueJudgement> judgements = story.Judged?.Judgements ?? [];
            EquatableList<string> reasons = VerdictFold.FoldWithReasons(judgements, [], activities: story.Judged?.Activities ?? []).Reasons;
            string more = reasons.Count > ShownReasons ? $" (and {reasons.Count - ShownReasons} more)" : "";
            return reasons.IsEmpty ? "the queues were not judged in time" : string.Join("; ", reasons.Take(ShownReasons)) + more;
        }

        return m.Phase.IsTerminal() ? "" : waiting;
    }

    private static Api.Progress Progress(CopyProgress progress) => new()
    {
        Pass = progress.Pass,
        RemainingBytes = progress.RemainingBytes,
        TransferredBytes = progress.TransferredBytes,
        TotalBytes = progress.TotalBytes,
        DirtyPagesPerSec = progress.DirtyPagesPerSec,
        ElapsedMs = progress.ElapsedMs,
    };

    private static Api.Blackout Blackout(Blackout blackout)
    {
        Api.Blackout view = new()
        {
            TotalMicros = blackout.TotalMicros,
            StopMicros = blackout.StopMicros,
            StreamMicros = blackout.StreamMicros,
            ReleaseMicros = blackout.ReleaseMicros,
            GateMicros = blackout.GateMicros,
            GrantMicros = blackout.GrantMicros,
            ResumeMicros = blackout.ResumeMicros,
            UncertaintyMicros = blackout.UncertaintyMicros,
            QemuDowntimeMs = blackout.QemuDowntimeMs ?? 0,
        };
        if (blackout.LoadMicros is { } load)
        {
            view.LoadMicros = load;
        }

        return view;
    }

    private static Api.TimelineEntry Entry(TimelineRecord entry) => new()
    {
        At = Timestamp.FromDateTimeOffset(entry.Record.At),
        Event = VmEventText.NameOf(entry.Record.Event),
        Detail = VmEventText.Describe(entry.Record.Event),
        Sequence = entry.Sequence,
    };
}
