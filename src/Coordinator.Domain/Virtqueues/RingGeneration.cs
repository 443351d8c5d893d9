namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// When a ring is another ring. A reset starts a new generation; indices of different generations have nothing to do with each other. A RESET event says so at once;
/// without one it shows in what is read next. A driver reloaded inside the guest that gets the same addresses again cannot be seen at all: no decision depends on it,
/// since decisions compare two records of a stopped device.
/// </summary>
public static class RingGeneration
{
    /// <summary>Compares two readings of the same side, the earlier one first. A reading that saw nothing (vhost started) is no evidence of a reset.</summary>
    public static bool StartsNew(VirtqueueObservation earlier, VirtqueueObservation later)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentNullException.ThrowIfNull(later);
        if (earlier.Generation != 0 && later.Generation != 0 && earlier.Generation != later.Generation)
        {
            return true;
        }

        if (earlier.DeviceStarted && !later.DeviceStarted)
        {
            return true;
        }

        return !earlier.NotObservable && !later.NotObservable && earlier.Memory != later.Memory;
    }
}
