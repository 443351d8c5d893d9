using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Coordinator.Journal.Stored;

namespace Coordinator.Journal;

/// <summary>
/// Judgements and activities of virtqueues both ways, with the two records that each judgement compared: the evidence stays with the verdict.
/// </summary>
internal static class StoredQueues
{
    internal static QueuesJudged Write(VmEvent.QueuesJudged judged)
    {
        QueuesJudged stored = new() { Attempt = judged.Attempt.Value };
        stored.Judgements.AddRange(judged.Judgements.Select(Write));
        stored.Activities.AddRange(judged.Activities.Select(Write));
        return stored;
    }

    internal static VmEvent Read(QueuesJudged stored) =>
        new VmEvent.QueuesJudged(StoredFields.Attempt(stored.Attempt), stored.Judgements.Select(Read).ToEquatableList())
        {
            Activities = stored.Activities.Select(Read).ToEquatableList(),
        };

    private static Judgement Write(VirtqueueJudgement judgement)
    {
        Judgement stored = new()
        {
            Device = judgement.Id.DevicePath,
            Queue = judgement.Id.Index,
            Outcome = StoredWords.Write(judgement.Outcome),
            Reason = judgement.Reason,
            Source = judgement.Source is { } source ? Write(source) : null,
            Destination = judgement.Destination is { } destination ? Write(destination) : null,
        };
        if (judgement.Delta is { } delta)
        {
            stored.Delta = delta;
        }

        return stored;
    }

    private static VirtqueueJudgement Read(Judgement stored)
    {
        VirtqueueId id = new(stored.Device, stored.Queue);
        return new VirtqueueJudgement(
            id,
            StoredWords.Read(stored.Outcome),
            stored.Reason,
            stored.Source is { } source ? Read(id, RingSide.Source, source) : null,
            stored.Destination is { } destination ? Read(id, RingSide.Destination, destination) : null,
            StoredFields.OptionalIndex(stored.HasDelta, stored.Delta));
    }

    private static QueueRecord Write(VirtqueueObservation record)
    {
        QueueRecord stored = new()
        {
            Kind = StoredWords.Write(record.Kind),
            DeviceName = record.DeviceName,
            DeviceQueueCount = record.DeviceQueueCount,
            Layout = StoredWords.Write(record.Layout),
            Generation = record.Generation,
            Size = (uint)record.Size.Entries,
            DescAddress = record.DescAddress,
            AvailAddress = record.AvailAddress,
            UsedAddress = record.UsedAddress,
            DeviceStopped = !record.DeviceStarted,
            NotObservable = record.NotObservable,
        };
        Set(record.DefaultSize?.Entries, value => stored.DefaultSize = (uint)value);
        Set(record.LastAvailIdx, value => stored.LastAvailIdx = value);
        Set(record.LastAvailWrap, value => stored.LastAvailWrap = value);
        Set(record.UsedIdx, value => stored.UsedIdx = value);
        Set(record.UsedWrap, value => stored.UsedWrap = value);
        Set(record.ShadowAvailIdx, value => stored.ShadowAvailIdx = value);
        Set(record.Inuse, value => stored.Inuse = value);
        return stored;
    }

    private static VirtqueueObservation Read(VirtqueueId id, RingSide side, QueueRecord stored) => new()
    {
        Id = id,
        Side = side,
        Kind = StoredWords.Read(stored.Kind),
        DeviceName = stored.DeviceName,
        DeviceQueueCount = stored.DeviceQueueCount,
        Layout = StoredWords.Read(stored.Layout),
        Generation = stored.Generation,
        Size = new RingSize(checked((int)stored.Size)),
        DefaultSize = stored.HasDefaultSize ? new RingSize(checked((int)stored.DefaultSize)) : null,
        DescAddress = stored.DescAddress,
        AvailAddress = stored.AvailAddress,
        UsedAddress = stored.UsedAddress,
        LastAvailIdx = StoredFields.OptionalIndex(stored.HasLastAvailIdx, stored.LastAvailIdx),
        LastAvailWrap = stored.HasLastAvailWrap ? stored.LastAvailWrap : null,
        UsedIdx = StoredFields.OptionalIndex(stored.HasUsedIdx, stored.UsedIdx),
        UsedWrap = stored.HasUsedWrap ? stored.UsedWrap : null,
        ShadowAvailIdx = StoredFields.OptionalIndex(stored.HasShadowAvailIdx, stored.ShadowAvailIdx),
        Inuse = StoredFields.OptionalIndex(stored.HasInuse, stored.Inuse),
        DeviceStarted = !stored.DeviceStopped,
        NotObservable = stored.NotObservable,
    };

    private static Activity Write(QueueActivity activity)
    {
        Activity stored = new() { Device = activity.Id.DevicePath, Queue = activity.Id.Index };
        switch (activity)
        {
            case QueueActivity.Progressed progressed:
                stored.Kind = ActivityKind.Progressed;
                stored.Taken = progressed.Step.Taken;
                stored.Returned = progressed.Step.Returned;
                stored.Modulus = progressed.Step.Modulus;
                break;
            case QueueActivity.Idle idle:
                stored.Kind = ActivityKind.Idle;
                stored.Text = idle.Explanation;
                break;
            case QueueActivity.Stalled stalled:
                stored.Kind = ActivityKind.Stalled;
                stored.Text = stalled.Reason;
                break;
            case QueueActivity.Unobserved unobserved:
                stored.Kind = ActivityKind.Unobserved;
                stored.Text = unobserved.Reason;
                break;
            default:
                throw new InvalidOperationException($"unknown activity {activity}");
        }

        return stored;
    }

    private static QueueActivity Read(Activity stored)
    {
        VirtqueueId id = new(stored.Device, stored.Queue);
        return stored.Kind switch
        {
            ActivityKind.Progressed => new QueueActivity.Progressed(id, new RingStep(stored.Taken, stored.Returned, stored.Modulus)),
            ActivityKind.Idle => new QueueActivity.Idle(id, stored.Text),
            ActivityKind.Stalled => new QueueActivity.Stalled(id, stored.Text),
            ActivityKind.Unobserved => new QueueActivity.Unobserved(id, stored.Text),
            _ => throw StoredFields.Unspecified(stored.Kind),
        };
    }

    private static void Set<T>(T? value, Action<T> write)
        where T : struct
    {
        if (value is { } present)
        {
            write(present);
        }
    }
}
