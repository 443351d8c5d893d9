using Coordinator.Actors.Migrations;
using Coordinator.Domain.Migration;
using Coordinator.Journal;
using Prometheus;

namespace Coordinator.Actors.Metrics;

/// <summary>Counts events when they have been journalled by a living entity. What an entity replays was counted by whoever journalled it.</summary>
internal sealed class EventCounters
{
    private const double MicrosPerSecond = 1_000_000;

    private readonly Counter _started;
    private readonly Counter _ended;
    private readonly Counter _attempts;
    private readonly Counter _transitions;
    private readonly Counter _doubtsRaised;
    private readonly Counter _doubtsResolved;
    private readonly Counter _foreignRuns;
    private readonly Counter _epochClaims;
    private readonly Counter _refusals;
    private readonly Counter _mismatches;
    private readonly Histogram _blackout;
    private readonly Histogram _blackoutShare;
    private readonly Histogram _blackoutParts;
    private readonly Histogram _rehearsal;
    private readonly Histogram _duration;
    private readonly Histogram _phase;

    internal EventCounters(MetricFactory create, Counter refusals, double[] blackoutSeconds, double[] partSeconds, double[] durationSeconds)
    {
        const string Counted = "journalled by this node since it started";
        _refusals = refusals;
        _started = create.CreateCounter("coordinator_migrations_started_total", $"Migrations accepted, {Counted}.");
        _ended = create.CreateCounter("coordinator_migrations_ended_total", $"Migrations ended, by phase (Succeeded, Failed, Cancelled, Lost) and verdict (none if the guest never ran at the destination), {Counted}.", "outcome", "verdict");
        _attempts = create.CreateCounter("coordinator_migration_attempts_total", $"Attempts opened, {Counted}.");
        _transitions = create.CreateCounter("coordinator_migration_transitions_total", $"Changes of phase, {Counted}.", "from", "to");
        _doubtsRaised = create.CreateCounter("coordinator_doubts_raised_total", $"Migrations that became in doubt, {Counted}.");
        _doubtsResolved = create.CreateCounter("coordinator_doubts_resolved_total", $"Words of persons on a doubt, by choice, {Counted}.", "choice");
        _foreignRuns = create.CreateCounter("coordinator_foreign_runs_total", $"Copies that somebody other than the agents had continued, and that were stopped, {Counted}.");
        _epochClaims = create.CreateCounter("coordinator_epoch_claims_total", $"Lives of entities that claimed an epoch, {Counted}.");
        _mismatches = create.CreateCounter("coordinator_virtqueue_index_mismatch_total", $"Virtqueues judged unequal between source and destination, {Counted}.");
        _blackout = create.CreateHistogram(
            "coordinator_blackout_seconds", $"Standstill of the guest from the source's STOP to the destination's RESUME, {Counted}.", ["method"], new HistogramConfiguration { Buckets = blackoutSeconds });
        _blackoutShare = create.CreateHistogram(
            "coordinator_blackout_coordinator_share_seconds", $"The part of the blackout that is not QEMU's own: release, gate, grant and resume, {Counted}.",
            new HistogramConfiguration { Buckets = partSeconds });
        _blackoutParts = create.CreateHistogram(
            "coordinator_blackout_part_seconds", $"Parts of the blackout (stop, stream, load, release, gate, grant, resume); stream holds load where QEMU cannot tell them apart, {Counted}.", ["part"],
            new HistogramConfiguration { Buckets = partSeconds });
        _rehearsal = create.CreateHistogram(
            "coordinator_rehearsal_seconds", $"What the empty handoff cost: round_trip between the agents, sync of the register, {Counted}.", ["part"], new HistogramConfiguration { Buckets = partSeconds });
        _phase = create.CreateHistogram(
            "coordinator_migration_phase_seconds", $"Time spent in a phase, when it was left, {Counted}.", ["phase"], new HistogramConfiguration { Buckets = durationSeconds });
        _duration = create.CreateHistogram(
            "coordinator_migration_duration_seconds", $"From the request to the end, by outcome, {Counted}.", ["outcome"], new HistogramConfiguration { Buckets = durationSeconds });
    }

    /// <param name="record">Journalled a moment ago.</param>
    /// <param name="before">State that it changed.</param>
    /// <param name="after">State after it.</param>
    /// <param name="phaseSince">When the phase of the state before was entered, by the journal; null if that is not known.</param>
    /// <param name="requestedAt">When the newest migration was asked for, by the journal; null if that is not known.</param>
    internal void Count(VmRecord record, VmState before, VmState after, DateTimeOffset? phaseSince, DateTimeOffset? requestedAt)
    {
        if (before.Migration is { } from && after.Migration is { } to && from.Id == to.Id && from.Phase != to.Phase)
        {
            _transitions.WithLabels(from.Phase.ToString(), to.Phase.ToString()).Inc();
            if (phaseSince is { } since)
            {
                _phase.WithLabels(from.Phase.ToString()).Observe(Math.Max(0, (record.At - since).TotalSeconds));
            }
        }

        switch (record.Event)
        {
            case VmEvent.IncarnationStarted:
                _epochClaims.Inc();
                break;
            case VmEvent.MigrationRequested:
                _started.Inc();
                break;
            case VmEvent.AttemptOpened:
                _attempts.Inc();
                break;
            case VmEvent.RehearsalCompleted rehearsed:
                _rehearsal.WithLabels("round_trip").Observe(rehearsed.Measured.RoundTripMicros / MicrosPerSecond);
                _rehearsal.WithLabels("sync").Observe(rehearsed.Measured.SyncMicros / MicrosPerSecond);
                break;
            case VmEvent.AttemptEnded { MayRetry: false } when before.Migration is { Phase: MigrationPhase.PreparingDestination, WantsBack: false }:
                _refusals.WithLabels("preparation").Inc();
                break;
            case VmEvent.StartRefused:
                _refusals.WithLabels("start").Inc();
                break;
            case VmEvent.GateRefused:
                _refusals.WithLabels("gate").Inc();
                break;
            case VmEvent.QueuesJudged judged:
                _mismatches.Inc(judged.Judgements.Count(j => j.Outcome == Domain.Virtqueues.ParityOutcome.Mismatch));
                break;
            case VmEvent.BlackoutMeasured measured:
                Observe(measured.Blackout);
                break;
            case VmEvent.DoubtRaised:
                _doubtsRaised.Inc();
                break;
            case VmEvent.DoubtResolved resolved:
                _doubtsResolved.WithLabels(resolved.Resolution.Choice.ToString()).Inc();
                break;
            case VmEvent.ForeignRunReported:
                _foreignRuns.Inc();
                break;
            case VmEvent.MigrationEnded or VmEvent.GuestLost when after.Migration is { } ended:
                _ended.WithLabels(ended.Phase.ToString(), ended.Verdict is { } verdict ? VmEventText.VerdictWord(verdict) : "none").Inc();
                if (requestedAt is { } requested)
                {
                    // Wall clocks of two nodes may differ: a negative duration is none.
                    _duration.WithLabels(ended.Phase.ToString()).Observe(Math.Max(0, (record.At - requested).TotalSeconds));
                }

                break;
            default:
                break;
        }
    }

    private void Observe(Blackout blackout)
    {
        _blackout.WithLabels("precopy").Observe(blackout.TotalMicros / MicrosPerSecond);
        _blackoutShare.Observe((blackout.ReleaseMicros + blackout.GateMicros + blackout.GrantMicros + blackout.ResumeMicros) / MicrosPerSecond);
        foreach ((string part, long? micros) in new (string, long?)[]
        {
            ("stop", blackout.StopMicros), ("stream", blackout.StreamMicros), ("load", blackout.LoadMicros), ("release", blackout.ReleaseMicros), ("gate", blackout.GateMicros),
            ("grant", blackout.GrantMicros), ("resume", blackout.ResumeMicros),
        })
        {
            if (micros is { } known)
            {
                _blackoutParts.WithLabels(part).Observe(known / MicrosPerSecond);
            }
        }
    }
}
