namespace Coordinator.EndToEnd.Streams;

/// <summary>A change of one queue's last_avail_idx; one that writes the true value only looks.</summary>
/// <param name="Queue">Index of the queue.</param>
/// <param name="Memory">The source's, which stands still while device state is sent.</param>
/// <param name="Wrong">The value to be written, from the true ones.</param>
internal sealed record IndexEdit(int Queue, GuestRam Memory, Func<SplitRing, ushort> Wrong)
{
    public EditedIndex Apply(Span<byte> queues)
    {
        ushort last = VirtioNetState.LastAvail(queues, Queue);
        long desc = VirtioNetState.Desc(queues, Queue);
        SplitRing ring = Memory.Ring(last, desc, VirtioNetState.DataQueueEntries);
        ushort written = Wrong(ring);
        VirtioNetState.WriteLastAvail(queues, Queue, written);
        return new EditedIndex(ring, written, GuestRam.AvailIndexAddress(desc, VirtioNetState.DataQueueEntries));
    }
}

/// <param name="Ring">As the source had it.</param>
/// <param name="Written">last_avail_idx as the destination got it.</param>
/// <param name="AvailIndexAddress">Where the guest keeps the ring's avail index, which stays there as long as its driver is loaded.</param>
internal sealed record EditedIndex(SplitRing Ring, ushort Written, long AvailIndexAddress);
