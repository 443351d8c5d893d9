using Akka.Event;
using Coordinator.Actors.Agents;
using Coordinator.AgentProtocol;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Coordinator.Failpoints;
using Google.Protobuf;

namespace Coordinator.Actors.Migrations;

/// <summary>What agents say.</summary>
internal sealed partial class MigrationActor
{
    /// <summary>Passes of one attempt that are journalled; a guest that does not converge makes thousands. Later ones are shown live only.</summary>
    private const int MaxJournalledPasses = 64;

    private CopyProgress? _liveProgress;

    /// <summary>This life has heard from the source how far the copying is. Before, the journal's figures may be older than what an earlier life has shown.</summary>
    private bool _figuresHeard;

    private void OnReported(AgentReported reported)
    {
        HostView? view;
        HostName host;
        try
        {
            host = new HostName(reported.Host);
            view = _views.Accept(host, VmReport.Parser.ParseFrom(reported.Report), Now);
        }
        catch (Exception e) when (e is InvalidValueException or InvalidProtocolBufferException or ArgumentException)
        {
            _log.Error(e, "{0}: a report of {1} cannot be understood and is not used", _vm, reported.Host);
            return;
        }

        if (view is null)
        {
            return;
        }

        if (_claimed && IsForeign(view.Evidence.Floor))
        {
            // No evidence, but if it knows of more attempts than the journal, its host is to be asked.
            _history.Entity = Entity.With(view.Evidence);
            ClaimAbove(view.Evidence.Floor.Epoch, host);
            return;
        }

        _history.Entity = Entity.With(view.Evidence);
        Execute(reply: null, Follow(view).ToList());
        PublishSoon();
    }

    /// <summary>
    /// An agent obeys another incarnation: of a newer life of this entity, or of a journal that was restored from a backup. The journal decides which.
    /// </summary>
    private bool IsForeign(Domain.Handoff.CommandFloor floor) =>
        floor.Epoch > State.Epoch || (floor.Epoch == State.Epoch && floor.Incarnation != State.Incarnation);

    private void ClaimAbove(Epoch floor, HostName host)
    {
        _log.Warning("{0}: {1} has accepted epoch {2}, ours is {3}: claiming a greater one", _vm, host, floor, State.Epoch);
        Execute(reply: null, new VmCommand.Claim(_incarnation, floor));
    }

    /// <summary>What a report says beyond the evidence that <see cref="VmProgress"/> reads: measurements, for the record.</summary>
    private IEnumerable<VmCommand> Follow(HostView view)
    {
        if (Active is not { } m || m.Attempt == AttemptNo.None || view.Raw.Source is not { } source || view.Evidence.Host != m.Source)
        {
            yield break;
        }

        if (source.Rehearsal is { } rehearsal && rehearsal.Attempt == m.Attempt.Value && !m.Rehearsed)
        {
            yield return new VmCommand.NoteRehearsal(
                m.Attempt,
                new Domain.Migration.Rehearsal(rehearsal.RoundTripMicros, rehearsal.SyncMicros, rehearsal.ClockOffsetMicros, rehearsal.ClockUncertaintyMicros));
        }

        if (_history.Newest is not { } story)
        {
            yield break;
        }

        TakeNewest(m, source);
        int noted = story.PassesNoted;
        int last = story.Progress?.Pass ?? 0;
        IEnumerable<Pass> passes = m.Phase == MigrationPhase.Iterating ? source.Passes.Where(p => p.Attempt == m.Attempt.Value && p.Number > last) : [];
        foreach (Pass pass in passes.OrderBy(p => p.Number).Take(Math.Max(0, MaxJournalledPasses - noted)))
        {
            yield return new VmCommand.NoteIteration(m.Attempt, Progress(pass));
        }

        if (Sums(m, source, story.Progress) is { } sums)
        {
            _liveProgress = null;
            yield return new VmCommand.NoteIteration(m.Attempt, sums);
        }
    }

    /// <summary>What was sampled last stands in the report too: after a failover the figures go on where they were, also when nothing is sampled any more (CI: they fell in a switchover that hung).</summary>
    private void TakeNewest(MigrationState m, SourcePart source)
    {
        _figuresHeard = true;
        long known = Math.Max(_liveProgress?.ElapsedMs ?? 0, _history.Newest?.Progress?.ElapsedMs ?? 0);
        if (source.Passes.LastOrDefault(p => p.Attempt == m.Attempt.Value) is { } newest && newest.ElapsedMs >= known)
        {
            _liveProgress = Progress(newest);
        }
    }

    /// <summary>
    /// The whole stream in figures, once QEMU has completed it: what was sampled last may be far from the end, and a finished migration would show memory that remains.
    /// </summary>
    private static CopyProgress? Sums(MigrationState m, SourcePart source, CopyProgress? known)
    {
        if (source.Times is not { QemuTotalMs: > 0 } times || times.Attempt != m.Attempt.Value
            || known is { RemainingBytes: 0, ElapsedMs: var elapsed } && elapsed >= times.QemuTotalMs)
        {
            return null;
        }

        Pass? newest = source.Passes.LastOrDefault(p => p.Attempt == m.Attempt.Value);
        return new CopyProgress(
            Math.Max(known?.Pass ?? 1, newest?.Number ?? 1), RemainingBytes: 0, times.TransferredBytes, newest?.TotalBytes ?? known?.TotalBytes ?? 0, DirtyPagesPerSec: 0, times.QemuTotalMs);
    }

    private void OnSampled(AgentSampled sampled)
    {
        try
        {
            ProgressSample sample = ProgressSample.Parser.ParseFrom(sampled.Sample);
            if (Active is not { } m || sample.Attempt != m.Attempt.Value)
            {
                return;
            }

            // One that comes late, after a failover or after the sums, says less than what is known.
            if (sample.Pass is { } pass && pass.ElapsedMs >= (_history.Newest?.Progress?.ElapsedMs ?? 0))
            {
                _liveProgress = Progress(pass);
                _figuresHeard = true;
            }

            if (sampled.Host == m.Source.Value && sample.Provisional.Count > 0)
            {
                _queues.AddSample(DeviceReadings.Read(sample.Provisional, RingSide.Source));
            }

            PublishSoon();
        }
        catch (Exception e) when (e is InvalidValueException or InvalidProtocolBufferException or ArgumentException)
        {
            _log.Warning("{0}: a sample of {1} cannot be understood: {2}", _vm, sampled.Host, e.Message);
        }
    }

    private void OnAnswered(AgentAnswered answered)
    {
        StepAnswer answer;
        HostName host;
        try
        {
            answer = StepAnswer.Parser.ParseFrom(answered.Answer);
            host = new HostName(answered.Host);
        }
        catch (Exception e) when (e is InvalidValueException or InvalidProtocolBufferException)
        {
            _log.Error(e, "{0}: an answer of {1} cannot be understood and is not used", _vm, answered.Host);
            return;
        }

        if (answer.Outcome == StepOutcome.Fenced)
        {
            _parts.Metrics.CountFenceRejection();

            // Equal to ours means that another incarnation holds it: our own would have been admitted.
            _views.NoteFloor(new Epoch(answer.FloorEpoch));
            if (_claimed && answer.Epoch == State.Epoch.Value && answer.FloorEpoch >= State.Epoch.Value)
            {
                ClaimAbove(new Epoch(answer.FloorEpoch), host);
            }

            return;
        }

        if (!_claimed || answer.Epoch != State.Epoch.Value || _schedule.EffectOf(answer.StepNo) is not { } effect || VmEffects.HostOf(effect) != host)
        {
            return;
        }

        if (Failpoint.IsOn)
        {
            Between([FailpointCatalogue.After(StepPlace(effect))], () => NoteAnswer(answer, effect, host));
            return;
        }

        NoteAnswer(answer, effect, host);
    }

    private void NoteAnswer(StepAnswer answer, VmEffect effect, HostName host)
    {
        _schedule.NoteReason(answer.StepNo, answer.Outcome == StepOutcome.Accepted ? "" : answer.Reason);
        if (answer.Outcome == StepOutcome.Rejected)
        {
            OnRejected(effect, host, answer.Reason.Length == 0 ? "rejected without a reason" : answer.Reason);
        }
    }

    /// <summary>What an agent rejects for good ends in a decision where one is possible; the rest is asked again, since only reports are evidence.</summary>
    private void OnRejected(VmEffect effect, HostName host, string reason)
    {
        VmCommand? command = effect switch
        {
            VmEffect.LaunchVm e => new VmCommand.LaunchRefused(e.Launch, $"{host}: {reason}"),
            VmEffect.PrepareDestination e => new VmCommand.RefusePreparation(e.Attempt, $"{host} cannot take the guest: {reason}"),
            VmEffect.Rehearse e => new VmCommand.RefusePreparation(e.Attempt, $"{host} cannot rehearse the handoff: {reason}"),
            VmEffect.StartAttempt e => new VmCommand.RefuseStart(e.Attempt, reason),
            VmEffect.KeepSourceByWord e => new VmCommand.RefuseResolution(e.Attempt, $"{host}: {reason}"),
            VmEffect.GiveUpSource e => new VmCommand.RefuseResolution(e.Attempt, $"{host}: {reason}"),
            VmEffect.RunDestinationByWord e => new VmCommand.RefuseResolution(e.Attempt, $"{host}: {reason}"),
            VmEffect.CarryRelease e => new VmCommand.RefuseResolution(e.Record.Attempt, $"{host}: {reason}"),
            _ => null,
        };
        if (command is not null)
        {
            Execute(reply: null, command);
        }
    }

    private static CopyProgress Progress(Pass pass) =>
        new(pass.Number, pass.RemainingBytes, pass.TransferredBytes, pass.TotalBytes, pass.DirtyPagesPerSec, pass.ElapsedMs);
}
