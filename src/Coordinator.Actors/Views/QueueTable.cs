using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Views;

/// <summary>What is known of one queue now, from its actor; absent once the migration is over.</summary>
internal sealed record LiveQueue(VirtqueueId Id, QueueReadiness? Readiness, VirtqueueTrack? Track);

/// <summary>The per-queue table of a migration: what the queue actors show now, under what the journal holds of their judgements.</summary>
internal static class QueueTable
{
    internal static IEnumerable<Api.Queue> Of(VmEvent.QueuesJudged? judged, IEnumerable<LiveQueue> live)
    {
        Dictionary<VirtqueueId, LiveQueue> shown = live.ToDictionary(q => q.Id);
        Dictionary<VirtqueueId, VirtqueueJudgement> judgements = (judged?.Judgements ?? []).ToDictionary(j => j.Id);
        Dictionary<VirtqueueId, QueueActivity> activities = (judged?.Activities ?? []).ToDictionary(a => a.Id);
        return shown.Keys.Union(judgements.Keys)
            .OrderBy(id => id.DevicePath, StringComparer.Ordinal).ThenBy(id => id.Index)
            .Select(id => Row(id, shown.GetValueOrDefault(id), judgements.GetValueOrDefault(id), activities.GetValueOrDefault(id)));
    }

    private static Api.Queue Row(VirtqueueId id, LiveQueue? live, VirtqueueJudgement? judgement, QueueActivity? activity)
    {
        VirtqueueObservation? source = judgement?.Source ?? live?.Track?.SourceFinal ?? live?.Track?.LatestProvisional;
        VirtqueueObservation? destination = judgement?.Destination ?? live?.Track?.DestinationFirst;
        Api.Queue row = new()
        {
            Device = id.DeviceLabel,
            Index = id.Index,
            Name = (source ?? destination)?.Name.Text ?? $"queue {id.Index}",
            Readiness = live?.Readiness switch
            {
                QueueReadiness.Ready => "Ready",
                QueueReadiness.NotReady not => $"NotReady({not.Reason})",
                _ => "",
            },
            Outcome = judgement?.Outcome.ToString() ?? "",
            Reason = judgement is null ? "" : activity is QueueActivity.Stalled stalled ? stalled.Reason : judgement.Reason,
            Progress = activity switch
            {
                QueueActivity.Progressed => "Progressed",
                QueueActivity.Idle => "Idle",
                QueueActivity.Stalled => "Stalled",
                QueueActivity.Unobserved => "Unobserved",
                _ => "",
            },
        };
        if (source is not null)
        {
            row.Source = Record(source);
        }

        if (destination is not null)
        {
            row.Destination = Record(destination);
        }

        if (judgement?.Delta is { } delta)
        {
            row.Delta = delta;
        }

        return row;
    }

    private static Api.QueueRecord Record(VirtqueueObservation observation)
    {
        Api.QueueRecord record = new() { Kind = observation.Kind.ToString(), Size = (uint)observation.Size.Entries };
        if (observation.LastAvailIdx is { } lastAvail)
        {
            record.LastAvailIdx = lastAvail;
        }

        if (observation.UsedIdx is { } used)
        {
            record.UsedIdx = used;
        }

        if (observation.Inflight is { } inflight)
        {
            record.Inflight = (uint)inflight;
        }

        return record;
    }
}
