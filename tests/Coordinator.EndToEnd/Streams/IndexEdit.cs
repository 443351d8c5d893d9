namespace Coordinator.EndToEnd.Streams;

/// <summary>A change of one queue's last_avail_idx.</summary>
/// <param name="Queue">Index of the queue.</param>
/// <param name="Memory">The source's, which stands still while device state is sent.</param>
/// <param name="Wrong">The value to be written, from the true ones.</param>
internal sealed record IndexEdit(int Queue, GuestRam Memory, Func<SplitRing, ushort> Wrong)
{
    public EditedIndex Apply(Span<byte> queues)
    {
        ushort last = VirtioNetState.LastAvail(queues, Queue);
        SplitRing ring = Memory.Ring(last, VirtioNetState.Desc(queues, Queue), VirtioNetState.DataQueueEntries);
        ushort written = Wrong(ring);
        VirtioNetState.WriteLastAvail(queues, Queue, written);
        return new EditedIndex(ring, written);
    }
}

/// <param name="Ring">As the source had it.</param>
/// <param name="Written">last_avail_idx as the destination got it.</param>
internal sealed record EditedIndex(SplitRing Ring, ushort Written);
