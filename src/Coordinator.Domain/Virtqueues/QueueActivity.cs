namespace Coordinator.Domain.Virtqueues;

/// <summary>What a queue did after the guest was resumed on the destination.</summary>
public abstract record QueueActivity(VirtqueueId Id)
{
    /// <summary>The device took or returned entries.</summary>
    public sealed record Progressed(VirtqueueId Id, RingStep Step) : QueueActivity(Id);

    /// <summary>It stood still, and that is explained.</summary>
    public sealed record Idle(VirtqueueId Id, string Explanation) : QueueActivity(Id);

    /// <summary>It stood still although it should have moved.</summary>
    public sealed record Stalled(VirtqueueId Id, string Reason) : QueueActivity(Id);

    /// <summary>Nobody could or did look.</summary>
    public sealed record Unobserved(VirtqueueId Id, string Reason) : QueueActivity(Id);
}

/// <summary>Judges progress after the resume. Progress is known only modulo the ring's own count, see <see cref="RingStep"/>.</summary>
public static class ActivityRule
{
    /// <param name="id">The queue.</param>
    /// <param name="loaded">First destination record, read before <c>cont</c>.</param>
    /// <param name="latest">Latest destination reading since.</param>
    /// <param name="wasBusyOnSource">The queue moved between any two source readings of this migration.</param>
    /// <param name="wasReset">The guest reset the device after the first record.</param>
    public static QueueActivity Judge(VirtqueueId id, VirtqueueObservation? loaded, VirtqueueObservation? latest, bool wasBusyOnSource, bool wasReset = false)
    {
        if (loaded is null || latest is null)
        {
            return new QueueActivity.Unobserved(id, $"{loaded?.Label ?? id.ToString()}: {(loaded is null ? "no destination record" : "not read since the resume")}");
        }

        if (latest.NotObservable)
        {
            return new QueueActivity.Unobserved(id, $"{latest.Label}: vhost is started, and reading the ring would stop it");
        }

        if (wasReset || (!loaded.NotObservable && loaded.Memory != latest.Memory))
        {
            return new QueueActivity.Idle(id, $"{latest.Label}: the guest has set its ring up anew since the resume, so there is nothing to measure from");
        }

        if (!latest.IsSetUp)
        {
            return new QueueActivity.Idle(id, $"{latest.Label}: the guest's driver has not set this queue up");
        }

        return RingStep.Between(loaded, latest) is { } step
            ? Judge(id, loaded, latest, step, wasBusyOnSource)
            : new QueueActivity.Unobserved(id, $"{latest.Label}: an index is missing from the reading");
    }

    private static QueueActivity Judge(VirtqueueId id, VirtqueueObservation loaded, VirtqueueObservation latest, RingStep step, bool wasBusyOnSource)
    {
        int back = (step.Modulus - step.Taken) % step.Modulus;
        if (step.Returned == 0 && back > 0 && back <= loaded.Inflight)
        {
            // virtio-balloon does this with its statistics request when the VM starts.
            return new QueueActivity.Idle(id, $"{latest.Label}: the device handed {back} entries in flight back to be taken again");
        }

        if (step.Moved)
        {
            return new QueueActivity.Progressed(id, step);
        }

        if (latest.Name.Role == QueueRole.Control)
        {
            return new QueueActivity.Idle(id, $"{latest.Label}: a control queue moves only when the guest reconfigures its device");
        }

        // Only a load reads the guest's own index for certain; a device that never looks again shows the old one.
        int? offered = latest.Layout == RingLayout.Split && latest.LastAvailIdx is { } taken && (latest.ShadowAvailIdx ?? loaded.ShadowAvailIdx) is { } avail
            ? FreeRunningIndex.Distance(new FreeRunningIndex(taken), new FreeRunningIndex(avail))
            : null;
        if (offered == 0)
        {
            return new QueueActivity.Idle(id, $"{latest.Label}: the guest has offered nothing (last_avail_idx equals shadow_avail_idx)");
        }

        if (offered is not null && latest.Name.Role == QueueRole.Transmit)
        {
            return new QueueActivity.Stalled(id, $"{latest.Label}: the guest has offered {offered} entries to send and the device has taken none since the resume");
        }

        return wasBusyOnSource
            ? new QueueActivity.Stalled(id, $"{latest.Label}: it moved between any two readings on the source and has not moved since the resume")
            : new QueueActivity.Idle(id, $"{latest.Label}: it did not move all the time on the source either; nothing need have arrived for it");
    }
}
