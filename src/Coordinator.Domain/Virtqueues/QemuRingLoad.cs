namespace Coordinator.Domain.Virtqueues;

/// <summary>What QEMU makes of one split ring at the end of a load.</summary>
public abstract record RingLoadOutcome
{
    private RingLoadOutcome()
    {
    }

    /// <summary>Accepted; <paramref name="Inuse"/> entries count as taken. Accepted is not correct: a plausible wrong index ends here too.</summary>
    public sealed record Ok(ushort Inuse) : RingLoadOutcome;

    /// <summary>
    /// The device is marked broken (with VERSION_1 also NEEDS_RESET), used_idx, shadow_avail_idx and inuse become 0, last_avail_idx stays, <b>and the load
    /// succeeds</b>: both sides say <c>completed</c>.
    /// </summary>
    public sealed record Broken(string Message, ushort Delta) : RingLoadOutcome;

    /// <summary>The destination's QEMU prints the message and exits with 1.</summary>
    public sealed record LoadFails(string Message) : RingLoadOutcome;
}

/// <summary>
/// Predicts what <c>virtio_load</c> of QEMU does with a split ring, in its own words (<c>hw/virtio/virtio.c</c>; measured on 7.2.22 and 10.0.2). Packed rings are
/// not here: QEMU does not check them at all.
/// </summary>
public static class QemuRingLoad
{
    /// <summary>VIRTIO_QUEUE_MAX.</summary>
    public const int MaxQueues = VirtqueueId.MaxIndex + 1;

    /// <param name="queue">Index of the queue, as it stands in the message.</param>
    /// <param name="size">Ring size from the stream.</param>
    /// <param name="descAddress">Guest-physical address of the descriptor table from the stream; 0 means that the queue is not set up.</param>
    /// <param name="avail">The avail ring's index in the guest memory that the destination has.</param>
    /// <param name="lastAvail">last_avail_idx from the stream.</param>
    /// <param name="used">The used ring's index in the guest memory that the destination has.</param>
    public static RingLoadOutcome Predict(int queue, RingSize size, ulong descAddress, ushort avail, ushort lastAvail, ushort used)
    {
        if (descAddress == 0)
        {
            return lastAvail == 0 ? new RingLoadOutcome.Ok(0) : new RingLoadOutcome.LoadFails(AddressMessage(queue, lastAvail));
        }

        SplitWindow window = new(size, new FreeRunningIndex(used), new FreeRunningIndex(lastAvail), new FreeRunningIndex(avail));
        if (!window.IsDeltaLegal)
        {
            return new RingLoadOutcome.Broken(DeltaMessage(queue, size, avail, lastAvail), window.Delta);
        }

        return window.IsInflightLegal ? new RingLoadOutcome.Ok(window.Inflight) : new RingLoadOutcome.LoadFails(InflightMessage(queue, size, lastAvail, used));
    }

    /// <summary>The first thing the load checks: a device state with more than 1024 queues fails.</summary>
    public static RingLoadOutcome PredictQueueCount(uint queueCount) =>
        queueCount <= MaxQueues ? new RingLoadOutcome.Ok(0) : new RingLoadOutcome.LoadFails($"Invalid number of virtqueues: 0x{queueCount:x}");

    public static string DeltaMessage(int queue, RingSize size, ushort avail, ushort lastAvail)
    {
        ushort delta = FreeRunningIndex.Distance(new FreeRunningIndex(lastAvail), new FreeRunningIndex(avail));
        return $"VQ {queue} size 0x{size.Entries:x} Guest index 0x{avail:x} inconsistent with Host index 0x{lastAvail:x}: delta 0x{delta:x}";
    }

    public static string InflightMessage(int queue, RingSize size, ushort lastAvail, ushort used) =>
        $"VQ {queue} size 0x{size.Entries:x} < last_avail_idx 0x{lastAvail:x} - used_idx 0x{used:x}";

    public static string AddressMessage(int queue, ushort lastAvail) => $"VQ {queue} address 0x0 inconsistent with Host index 0x{lastAvail:x}";
}
