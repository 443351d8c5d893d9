using System.Globalization;

namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// How far a queue moved between two readings, known only modulo <paramref name="Modulus"/>: the ring may have come round any number of times between the two.
/// 0 therefore means "did not move, or exactly a multiple".
/// </summary>
/// <param name="Taken">Entries the device took (last_avail_idx).</param>
/// <param name="Returned">Entries the device gave back (used_idx).</param>
/// <param name="Modulus">65536 for split rings, the two laps of a packed ring, or one lap where its wrap counters are hidden.</param>
public readonly record struct RingStep(int Taken, int Returned, int Modulus)
{
    public bool Moved => Taken != 0 || Returned != 0;

    /// <summary>Null when the readings have no common measure: another ring, not read, an index missing or outside the ring.</summary>
    public static RingStep? Between(VirtqueueObservation earlier, VirtqueueObservation later)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentNullException.ThrowIfNull(later);
        if (earlier.Id != later.Id || earlier.NotObservable || later.NotObservable || earlier.Memory != later.Memory || !later.IsSetUp
            || earlier.LastAvailIdx is not { } takenFrom || later.LastAvailIdx is not { } takenTo || earlier.UsedIdx is not { } usedFrom || later.UsedIdx is not { } usedTo)
        {
            return null;
        }

        if (later.Layout == RingLayout.Split)
        {
            int taken = FreeRunningIndex.Distance(new FreeRunningIndex(takenFrom), new FreeRunningIndex(takenTo));
            int returned = FreeRunningIndex.Distance(new FreeRunningIndex(usedFrom), new FreeRunningIndex(usedTo));
            return new RingStep(taken, returned, FreeRunningIndex.Modulus);
        }

        return Packed(earlier, later);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Taken} taken and {Returned} returned, known modulo {Modulus}");

    private static RingStep? Packed(VirtqueueObservation earlier, VirtqueueObservation later)
    {
        RingSize size = later.Size;
        bool laps = earlier.LastAvailWrap is not null && later.LastAvailWrap is not null && earlier.UsedWrap is not null && later.UsedWrap is not null;
        if (PositionsOf(earlier, laps) is not { } from || PositionsOf(later, laps) is not { } to
            || !from.Avail.IsWithin(size) || !from.Used.IsWithin(size) || !to.Avail.IsWithin(size) || !to.Used.IsWithin(size))
        {
            return null;
        }

        int modulus = laps ? 2 * size.Entries : size.Entries;
        return new RingStep(PackedIndex.Distance(from.Avail, to.Avail, size) % modulus, PackedIndex.Distance(from.Used, to.Used, size) % modulus, modulus);
    }

    /// <summary>With hidden counters every position is taken as of one lap; the distance modulo one lap is then right.</summary>
    private static PackedRingBase? PositionsOf(VirtqueueObservation record, bool laps)
    {
        VirtqueueObservation shown = laps ? record : record with { LastAvailWrap = true, UsedWrap = true };
        return shown.PackedLastAvail is { } avail && shown.PackedUsed is { } used ? new PackedRingBase(avail, used) : null;
    }
}
