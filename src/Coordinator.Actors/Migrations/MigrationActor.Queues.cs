using Coordinator.Actors.Agents;
using Coordinator.Actors.Views;
using Coordinator.Actors.Virtqueues;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Blackout = Coordinator.Domain.Migration.Blackout;

namespace Coordinator.Actors.Migrations;

/// <summary>The virtqueue actors' part: readiness before the authorisation, judgements before the verdict.</summary>
internal sealed partial class MigrationActor
{
    /// <summary>Beyond the watching time, for records that are still on their way; the phase's own deadline comes later.</summary>
    private static readonly TimeSpan s_recordGrace = TimeSpan.FromSeconds(3);

    /// <summary>Differences that are named in a refusal; more than a few say nothing more.</summary>
    private const int NamedFindings = 5;

    private AttemptNo _verifying;
    private TimeSpan _verifyingSince;

    /// <summary>Of a source that is off, what its agent had written down: the destination's gate has judged by the same.</summary>
    private static EquatableList<DeviceObservation> SourceFinal(MigrationState m, HostView? source) =>
        m.Resolution?.Record is { } record ? ResolutionText.FinalRecords(record)
        : source is not null && source.Evidence.Source.Attempt == m.Attempt ? source.Rings.SourceFinal
        : [];

    /// <summary>Brings the queue actors up to what both sides have reported. False when that led to a decision of its own, which goes on from there.</summary>
    private bool SyncQueues()
    {
        if (Active is not { } m)
        {
            _queues.End();
            return true;
        }

        if (m.Attempt == AttemptNo.None)
        {
            _liveProgress = null;
            return true;
        }

        if (m.Attempt != _queues.Attempt)
        {
            _liveProgress = null;
            _queues.BeginAttempt(m.Attempt);
        }

        HostView? source = Fenced(m.Source);
        HostView? destination = Fenced(m.Destination) is { } d && d.Evidence.Destination.Attempt == m.Attempt ? d : null;
        SideLayout? knownBefore = _queues.Readings.DestinationLayout;
        SideLayout? sourceBefore = _queues.Readings.SourceLayout;
        _queues.SetLayouts(
            source is { Rings.SourceLayout: { } s } && (s.Machine.Length > 0 || !s.Devices.IsEmpty) ? s : null,
            destination is { Evidence.IsListening: true } ? destination.Rings.DestinationLayout : null);
        _queues.SetRecords(
            SourceFinal(m, source),
            destination?.Rings.DestinationFirst ?? [],
            destination?.Rings.AfterResume ?? []);
        bool changed = !ReferenceEquals(knownBefore, _queues.Readings.DestinationLayout) || !ReferenceEquals(sourceBefore, _queues.Readings.SourceLayout);
        return !(m.Phase == MigrationPhase.PreparingDestination && changed && RefusedByComparison(m))
            && !NotedReadiness(m)
            && !NotedBlackout(m, source, destination)
            && !JudgedRefusal(m);
    }

    private HostView? Fenced(HostName host) => Entity.FencedReportOf(host) is null ? null : _views.Of(host);

    private bool RefusedByComparison(MigrationState m)
    {
        if (_queues.Readings is not { SourceLayout: { } source, DestinationLayout: { } destination })
        {
            return false;
        }

        EquatableList<PreparationFinding> findings = PreparationCheck.Compare(source, destination);
        if (findings.IsEmpty)
        {
            return false;
        }

        string more = findings.Count > NamedFindings ? $" (and {findings.Count - NamedFindings} more)" : "";
        string advice = findings.Any(f => f.Reason == PreparationReason.Device) ? $"; {PreparationCheck.DeviceAdvice}" : "";
        Execute(reply: null, new VmCommand.RefusePreparation(m.Attempt, string.Join("; ", findings.Take(NamedFindings).Select(f => f.Sentence)) + more + advice));
        return true;
    }

    private void OnQueueWord(QueueWord word)
    {
        _queues.Hear(word);
        if (Active is not { } m)
        {
            return;
        }

        if (word is QueueWord.ReadinessTold && m.Phase == MigrationPhase.PreparingDestination && _queues.NotReadyReason is { } reason)
        {
            Execute(reply: null, new VmCommand.RefusePreparation(m.Attempt, reason));
            return;
        }

        NotedReadiness(m);
        if (word is QueueWord.Judged && _queues.AllJudged)
        {
            NoteJudgements(m);
        }
        else if (word is QueueWord.Progressed)
        {
            PublishSoon();
        }
    }

    /// <summary>True when every queue has become ready just now; a layout that changes takes it back.</summary>
    private bool NotedReadiness(MigrationState m)
    {
        AttemptNo ready = _queues.AllReady ? m.Attempt : AttemptNo.None;
        if (m.Phase != MigrationPhase.PreparingDestination || Entity.QueuesReadyFor == ready)
        {
            return false;
        }

        _history.Entity = Entity with { QueuesReadyFor = ready };
        Execute(reply: null);
        return true;
    }

    private bool NotedBlackout(MigrationState m, HostView? source, HostView? destination)
    {
        if (m.Phase is not (MigrationPhase.Verifying or MigrationPhase.Finishing) || _history.Newest is not { Blackout: null } story
            || story.Rehearsal is not { } clock
            || source?.Raw.Source?.Times is not { } left || destination?.Raw.Destination?.Times is not { } right
            || left.Attempt != m.Attempt.Value || right.Attempt != m.Attempt.Value)
        {
            return false;
        }

        Blackout? blackout = BlackoutSplit.Of(
            new SourceMoments(Moment(left.Stop), Moment(left.ContinueSent), Moment(left.QemuDowntimeMs)),
            new DestinationMoments(
                Moment(right.StreamReceived), Moment(right.Loaded), Moment(right.ReleasedReceived), Moment(right.GateJudged),
                    Moment(right.RunDurable), Moment(right.Resume)),
            clock);
        if (blackout is null)
        {
            return false;
        }

        Execute(reply: null, new VmCommand.NoteBlackout(m.Attempt, blackout));
        return true;
    }

    /// <summary>
    /// The gate refused: the judgements are taken as evidence of why, as soon as both records are there, or with what there is once the destination is
    /// clean.
    /// </summary>
    private bool JudgedRefusal(MigrationState m)
    {
        bool noMoreWillCome = m.Phase == MigrationPhase.RollingBack && !State.Owed.Any(o => o.Attempt == m.Attempt);
        if (m.Verdict != MigrationVerdict.Refused || m.QueuesJudged || _queues.IsJudging || !(_queues.Readings.HasBothRecords || noMoreWillCome))
        {
            return false;
        }

        _queues.Judge();
        if (!_queues.AllJudged)
        {
            return false;
        }

        NoteJudgements(m);
        return true;
    }

    /// <summary>For <see cref="VmEffect.JudgeQueues"/>: first the queues are watched for as long as the policy says.</summary>
    private void StartVerifying(MigrationState m)
    {
        if (_verifying == m.Attempt)
        {
            JudgeWhenReady();
            return;
        }

        _verifying = m.Attempt;
        _verifyingSince = Now;
        Timers.StartSingleTimer(JudgeDue.Instance, JudgeDue.Instance, TimeSpan.FromMilliseconds(m.Policy.VerifyMs));
    }

    private void JudgeWhenReady()
    {
        if (Active is not { Phase: MigrationPhase.Verifying } m || _verifying != m.Attempt || _queues.IsJudging)
        {
            return;
        }

        TimeSpan watched = Now - _verifyingSince;
        TimeSpan wanted = TimeSpan.FromMilliseconds(m.Policy.VerifyMs);
        bool watchedAll = _queues.Count == 0 || _queues.Readings is { HasBothRecords: true, AfterResume.IsEmpty: false };
        bool complete = watchedAll && _history.Newest?.Blackout is not null;
        if (watched < wanted)
        {
            return;
        }

        if (!complete && watched < wanted + s_recordGrace)
        {
            Timers.StartSingleTimer(JudgeDue.Instance, JudgeDue.Instance, wanted + s_recordGrace - watched);
            return;
        }

        _queues.Judge();
        if (_queues.AllJudged)
        {
            NoteJudgements(m);
        }
    }

    private void NoteJudgements(MigrationState m)
    {
        EquatableList<VirtqueueJudgement> judgements = _queues.Judgements;
        EquatableList<QueueActivity> activities = m.Phase == MigrationPhase.Verifying ? _queues.Activities : [];
        if (m.Phase == MigrationPhase.Verifying)
        {
            _history.Entity = Entity with { FoldedVerdict = VerdictFold.Fold(judgements, _queues.Expected, activities: activities) };
        }

        Execute(reply: null, new VmCommand.NoteJudgements(m.Attempt, judgements) { Activities = activities });
    }

    private static long? Moment(long value) => value == 0 ? null : value;
}
