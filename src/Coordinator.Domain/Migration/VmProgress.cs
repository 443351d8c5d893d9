using Coordinator.Domain.Handoff;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Domain.Migration;

/// <summary>
/// What follows from the journal and the newest reports, one event at a time; null when nothing does. Level-triggered: reports carry whole states, so
/// a lost, repeated or late one changes nothing. Only reports made under the own fence are evidence.
/// </summary>
public static class VmProgress
{
    public static VmEvent? Next(VmEntity entity)
    {
        VmState state = entity.State;
        return SettledDebt(entity) ?? OfForeignRun(entity) ?? OfResidence(entity) ?? (state.Migration is { } m && !m.Phase.IsTerminal() ? OfMigration(entity, m) : null);
    }

    private static VmEvent? SettledDebt(VmEntity entity)
    {
        foreach (Owed owed in entity.State.Owed)
        {
            if (entity.FencedReportOf(owed.Host) is not { } report)
            {
                continue;
            }

            bool settled = owed switch
            {
                Owed.CleanUp => report.Destination.IsCleanOf(owed.Attempt),
                Owed.EndOverruled => IsGivenUp(report, owed),
                Owed.EndSource => report.Source.Attempt == owed.Attempt ? report.Source.Stage == SourceStage.Gone : report.Source.Attempt > owed.Attempt,
                _ => throw new InvalidOperationException($"unknown debt {owed}"),
            };
            if (settled)
            {
                return new VmEvent.DebtSettled(owed.Host, owed.Attempt);
            }
        }

        return null;
    }

    /// <summary>Each side answers for itself: nothing of the attempt was ever known there, or it is proven dead, or long followed by another.</summary>
    private static bool IsGivenUp(HostReport report, Owed owed)
    {
        bool noSource = report.Source.Attempt != owed.Attempt || report.Source.Stage == SourceStage.Gone;
        bool noDestination = report.Destination.Attempt != owed.Attempt || report.Destination.Stage == DestinationStage.Refused;

        // A host that only ever was the destination has no source to observe; waiting for one would keep the debt for ever (found by the simulator).
        return noSource && noDestination && (report.Destination.Attempt >= owed.Attempt || report.Source.Stage != SourceStage.NotObserved);
    }

    private static VmEvent? OfForeignRun(VmEntity entity)
    {
        if (entity.State.Migration is not { } m || m.Attempt == AttemptNo.None)
        {
            return null;
        }

        HostReport? ran = entity.Reports.FirstOrDefault(r => r.ForeignRun == m.Attempt && r.IsFencedBy(entity.State.Epoch, entity.State.Incarnation) && !m.ForeignRuns.Contains(r.Host));
        return ran is null ? null : new VmEvent.ForeignRunReported(m.Attempt, ran.Host);
    }

    private static VmEvent? OfResidence(VmEntity entity)
    {
        VmState state = entity.State;
        if (!state.IsMigrating && !entity.Ahead.IsEmpty)
        {
            return RestoredJournal.Next(entity);
        }

        if (state.IsMigrating || entity.FencedReportOf(state.Residence.Host) is not { Guest: { } guest } || guest.Launch != state.Residence.Launch)
        {
            return null;
        }

        return state.Residence.Kind switch
        {
            ResidenceKind.Starting when guest.Alive => new VmEvent.VmResident(state.Residence.Host!, guest.Launch),
            ResidenceKind.Starting => new VmEvent.VmGone("its QEMU ended while it was starting"),
            ResidenceKind.Resident when !guest.Alive => new VmEvent.VmGone("its QEMU has ended"),
            ResidenceKind.Stopping when !guest.Alive => new VmEvent.VmGone("stopped on request"),
            _ => null,
        };
    }

    private static VmEvent? OfGate(VmEntity entity, MigrationState m)
    {
        bool mayHaveJudged = m.Phase is MigrationPhase.Iterating or MigrationPhase.Switchover or MigrationPhase.InDoubt or MigrationPhase.RollingBack;
        return mayHaveJudged && m.GateFindings.IsEmpty && entity.FencedReportOf(m.Destination) is { GateFindings.IsEmpty: false } d
            && d.Destination.Attempt == m.Attempt
            ? new VmEvent.GateRefused(m.Attempt, d.GateFindings)
            : null;
    }

    private static VmEvent? OfMigration(VmEntity entity, MigrationState m) => OfGate(entity, m) ?? OfPhase(entity, m);

    private static VmEvent? OfPhase(VmEntity entity, MigrationState m) => m.Phase switch
    {
        MigrationPhase.Pending => m.WantsBack ? Ended(m) : new VmEvent.MigrationScheduled(m.Id),
        MigrationPhase.Scheduling => m.WantsBack ? Ended(m) : entity.Hold is null && entity.Queued is null ? OpenAttempt(entity.State, m) : null,
        MigrationPhase.PreparingDestination => OfPreparation(entity, m),
        MigrationPhase.Iterating or MigrationPhase.Switchover or MigrationPhase.InDoubt => OfHandoff(entity, m),
        MigrationPhase.Verifying => entity.FoldedVerdict is { } verdict ? new VmEvent.VerdictReached(m.Attempt, verdict) : null,
        MigrationPhase.Finishing => IsOwedStill(entity.State, m) ? null : new VmEvent.MigrationEnded(MigrationPhase.Succeeded, ""),
        MigrationPhase.RollingBack => OfRollback(entity, m),
        _ => null,
    };

    private static VmEvent Ended(MigrationState m) =>
        m.CancelRequested
            ? new VmEvent.MigrationEnded(MigrationPhase.Cancelled, "cancelled before anything was started")
            : new VmEvent.MigrationEnded(MigrationPhase.Failed, $"timed out in {m.Phase}");

    /// <summary>A destination that still owes the clean-up of an older attempt refuses to open a new register; it is asked first.</summary>
    private static VmEvent? OpenAttempt(VmState state, MigrationState m) =>
        state.Owed.Any(o => o is Owed.CleanUp or Owed.EndOverruled && o.Host == m.Destination)
            ? null
            : new VmEvent.AttemptOpened(state.LastAttempt.Next, LaunchIds.ForAttempt(m.Id, state.LastAttempt.Next));

    private static VmEvent? OfPreparation(VmEntity entity, MigrationState m)
    {
        if (m.WantsBack)
        {
            // Not authorised, so no start was ever sent and none can be under way: no tombstone is needed.
            return new VmEvent.AttemptEnded(m.Attempt, m.CancelRequested ? "cancelled" : "the preparation took longer than its deadline", MayRetry: true);
        }

        if (entity.FencedReportOf(m.Source) is { } s && s.IsSourceGone(m.Attempt, m.SourceLaunch))
        {
            return new VmEvent.GuestLost(m.Attempt, $"the guest's QEMU on {m.Source} ended before the attempt began");
        }

        if (entity.FencedReportOf(m.Destination) is not { } d || d.Destination.Attempt != m.Attempt)
        {
            return null;
        }

        if (d.Destination.Stage is DestinationStage.Refusing or DestinationStage.Refused || (m.Prepared && d.Store != m.DestinationStore))
        {
            return new VmEvent.AttemptEnded(m.Attempt, $"the QEMU prepared on {m.Destination} has ended; see its log there", MayRetry: true);
        }

        if (!m.Prepared)
        {
            return d.Destination.Stage == DestinationStage.Receiving && d.IsListening ? new VmEvent.DestinationPrepared(m.Attempt, d.Store) : null;
        }

        bool sourceReady = entity.FencedReportOf(m.Source) is { } source && source.Source.Stage == SourceStage.Home && source.Source.Tombstone < m.Attempt;
        return m.Rehearsed && sourceReady && entity.QueuesReadyFor == m.Attempt && entity.Hold is null ? new VmEvent.SwitchoverAuthorized(m.Attempt, m.DestinationStore) : null;
    }

    private static VmEvent? OfHandoff(VmEntity entity, MigrationState m)
    {
        HostReport? s = entity.FencedReportOf(m.Source);
        HostReport? d = entity.FencedReportOf(m.Destination);
        // While the source is being kept by a person's word, a destination that comes back with an old record of a guest that ran there decides nothing: the source answers first, whether
        // it has taken the word. Else both would be recorded, and the one that lives would be the one that is forgotten.
        if (d.IsOf(m) && d.Destination.Stage == DestinationStage.Running && m.Resolution is not { Choice: DoubtChoice.KeepSource })
        {
            return new VmEvent.GuestRunsAtDestination(m.Attempt);
        }

        if (m.Resolution is { } word && CarrierOf(m, word) is { } carrier && m.IsProvenOff(carrier) && entity.FencedReportOf(carrier) is null)
        {
            return new VmEvent.ResolutionFailed(m.Attempt, $"{carrier} is off before it could carry the word out");
        }

        if (m.Resolution is { Choice: DoubtChoice.Lost } givenUp && IsOver(m, s, d))
        {
            return new VmEvent.GuestLost(m.Attempt, $"given up by the word of {givenUp.Word}; {m.Reason}");
        }

        if (s is null)
        {
            return m.IsProvenOff(m.Source) ? DeadSource.Next(entity, m, completed: AttemptNo.None, d) : null;
        }

        if (s.Source.KeepsGuestAfter(m.Attempt))
        {
            return new VmEvent.AttemptEnded(m.Attempt, WhyBroken(m, s, d), MayRetry: m.StartRefusal.Length == 0 && m.Resolution is null);
        }

        if (s.IsSourceGone(m.Attempt, m.SourceLaunch))
        {
            // Never started, and never will be: nothing of the guest is at the destination.
            return s.Source.Attempt < m.Attempt && s.Source.Tombstone >= m.Attempt
                ? new VmEvent.GuestLost(m.Attempt, $"the guest's QEMU on {m.Source} ended before the attempt began")
                : DeadSource.Next(entity, m, s.Source.Completed, d);
        }

        // The register let the destination run and its QEMU is dead: only a person can say whether the source's older memory may go on. No deadline brings more.
        if (s.Source.Attempt == m.Attempt && s.Source.Stage == SourceStage.HandedOver && d.IsOf(m) && d!.Destination.Stage == DestinationStage.LostAfterRun)
        {
            return VmEvidence.Doubt(entity, m);
        }

        bool standsStill = s.Source.Attempt == m.Attempt && s.Source.Stage is SourceStage.Switching or SourceStage.HandedOver;
        return m.Phase == MigrationPhase.Iterating && standsStill ? new VmEvent.SwitchoverEntered(m.Attempt) : null;
    }

    /// <summary>The parity gate's findings come before everything else: what they say may have made QEMU or a deadline end the attempt.</summary>
    private static string WhyBroken(MigrationState m, HostReport source, HostReport? destination)
    {
        if (!m.GateFindings.IsEmpty)
        {
            return m.GateRefusal;
        }

        if (m.Resolution is { } resolution)
        {
            return $"the guest goes on at {m.Source} by the word of {resolution.Word}; disks that may be rewound: {string.Join(", ", resolution.Disks)}";
        }

        if (m.CancelRequested)
        {
            return "cancelled";
        }

        if (m.StartRefusal.Length > 0)
        {
            return $"{m.Source} refused to start: {m.StartRefusal}";
        }

        string[] errors = [
            source.Source.Attempt == m.Attempt && source.SourceError.Length > 0 ? $"{m.Source}: {source.SourceError}" : "",
            destination is not null && destination.Destination.Attempt == m.Attempt && destination.DestinationError.Length > 0
                ? $"{m.Destination}: {destination.DestinationError}" : "",
        ];
        string said = string.Join("; ", errors.Where(e => e.Length > 0));
        return (m.TimedOut, said.Length > 0) switch
        {
            (true, true) => $"{m.Phase} took longer than its deadline; {said}",
            (true, false) => $"{m.Phase} took longer than its deadline",
            (false, true) => said,
            (false, false) => "QEMU broke the attempt off without a word; see its log on both hosts",
        };
    }

    /// <summary>Which host's agent a word is for; giving up is for both, and a host that is off has nothing left to give up.</summary>
    private static HostName? CarrierOf(MigrationState m, DoubtResolution word) => word.Choice switch
    {
        DoubtChoice.KeepSource => m.Source,
        DoubtChoice.RunDestination or DoubtChoice.ReleaseFromRecord => m.Destination,
        DoubtChoice.Lost => null,
        _ => throw new InvalidOperationException($"unknown choice {word.Choice}"),
    };

    /// <summary>No copy of this attempt is anywhere any more, and none can come back.</summary>
    private static bool IsOver(MigrationState m, HostReport? source, HostReport? destination)
    {
        bool noSource = source is null ? m.IsProvenOff(m.Source) : source.IsSourceGone(m.Attempt, m.SourceLaunch) || source.Source.Stage == SourceStage.Overruled;
        bool noDestination = destination.IsOf(m)
            ? destination!.Destination.Stage is DestinationStage.LostAfterRun or DestinationStage.Refused
            : m.IsProvenOff(m.Destination);
        return noSource && noDestination;
    }

    /// <summary>The result waits for what is owed, except by a host that is off: it cannot answer, and has nothing left to end.</summary>
    private static bool IsOwedStill(VmState state, MigrationState m) => state.Owed.Any(o => o.Attempt == m.Attempt && !m.IsProvenOff(o.Host));

    private static VmEvent? OfRollback(VmEntity entity, MigrationState m)
    {
        VmState state = entity.State;
        // A refusal names its queues: the judgements are waited for, as the debts are, to the phase's deadline.
        if (IsOwedStill(state, m) || (m.Verdict == MigrationVerdict.Refused && !m.QueuesJudged))
        {
            return null;
        }

        if (m.CancelRequested)
        {
            return new VmEvent.MigrationEnded(MigrationPhase.Cancelled, m.Reason);
        }

        return m.Retries ? new VmEvent.MigrationScheduled(m.Id) : new VmEvent.MigrationEnded(MigrationPhase.Failed, m.Reason + LateWord(entity, m));
    }

    /// <summary>
    /// A destination whose QEMU refused the stream learns of its end after the source has learnt of the broken stream, and only it knows why. One that was refused while it was being
    /// prepared was ended on purpose: whatever it had warned of is not why.
    /// </summary>
    private static string LateWord(VmEntity entity, MigrationState m) =>
        m.GateFindings.IsEmpty && m.StartRefusal.Length == 0 && (m.Authorized || m.MayRetry) && entity.FencedReportOf(m.Destination) is { DestinationError.Length: > 0 } d && d.Destination.Attempt == m.Attempt
            && !m.Reason.Contains(d.DestinationError, StringComparison.Ordinal)
            ? $"; {m.Destination}: {d.DestinationError}"
            : "";
}
