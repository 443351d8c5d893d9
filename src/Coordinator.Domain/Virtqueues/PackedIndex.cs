namespace Coordinator.Domain.Virtqueues;

/// <summary>
/// Index of a packed ring: a position in the ring and a wrap counter that flips with each lap. Both start at position 0 with the counter set
/// (virtio 1.2, 2.8.1), so an index repeats after two laps.
/// </summary>
/// <exception cref="ArgumentOutOfRangeException">Position above 32767: the largest packed ring has 32768 entries.</exception>
public readonly record struct PackedIndex(ushort Position, bool Wrap)
{
    public const ushort MaxPosition = RingSize.SpecificationMaximum - 1;

    public static readonly PackedIndex Start = new(0, Wrap: true);

    public ushort Position { get; } = Position <= MaxPosition ? Position : throw new ArgumentOutOfRangeException(nameof(Position), Position, "at most 32767");

    public bool IsWithin(RingSize size) => Position < size.Entries;

    /// <exception cref="ArgumentOutOfRangeException">The index lies outside the ring, or the steps are not 0..ring size: no device takes more at once.</exception>
    public PackedIndex Advance(int entries, RingSize size)
    {
        RequireStep(entries, size);
        int position = Position + entries;
        return position < size.Entries ? new PackedIndex((ushort)position, Wrap) : new PackedIndex((ushort)(position - size.Entries), !Wrap);
    }

    /// <summary>QEMU <c>virtqueue_packed_rewind</c>: going back below 0 lands in the lap before, with the counter flipped.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index lies outside the ring, or the steps are not 0..ring size.</exception>
    public PackedIndex Rewind(int entries, RingSize size)
    {
        RequireStep(entries, size);
        return Position < entries ? new PackedIndex((ushort)(size.Entries + Position - entries), !Wrap) : new PackedIndex((ushort)(Position - entries), Wrap);
    }

    /// <summary>Steps from <paramref name="from"/> forward to <paramref name="to"/> on the circle of two laps, 0..2 x size - 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of the indices lies outside the ring.</exception>
    public static int Distance(PackedIndex from, PackedIndex to, RingSize size)
    {
        from.RequireStep(0, size);
        to.RequireStep(0, size);
        int steps = to.Position - from.Position + (to.Wrap == from.Wrap ? 0 : size.Entries);
        return steps < 0 ? steps + (2 * size.Entries) : steps;
    }

    /// <summary>
    /// Descriptors taken and not returned: with equal counters <c>avail - used</c>, else <c>size - used + avail</c>. Null when that is not in 0..size, or an index lies
    /// outside the ring: such a pair of indices cannot exist.
    /// </summary>
    public static int? Inflight(PackedIndex used, PackedIndex lastAvail, RingSize size)
    {
        if (!used.IsWithin(size) || !lastAvail.IsWithin(size))
        {
            return null;
        }

        int entries = used.Wrap == lastAvail.Wrap ? lastAvail.Position - used.Position : size.Entries - used.Position + lastAvail.Position;
        return entries >= 0 && entries <= size.Entries ? entries : null;
    }

    public override string ToString() => $"0x{Position:x} lap {(Wrap ? 1 : 0)}";

    private void RequireStep(int entries, RingSize size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Position, size.Entries, nameof(Position));
        ArgumentOutOfRangeException.ThrowIfNegative(entries);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entries, size.Entries);
    }
}

/// <summary>
/// The 32-bit vring base that vhost backends exchange for a packed ring: bits 0-14 avail index, 15 avail wrap, 16-30 used index, 31 used wrap. (QEMU until mid-2023
/// decodes the used half with the mask 0x7ffff, so the wrap bit leaks into its used_idx; this is the intended form.)
/// </summary>
public readonly record struct PackedRingBase(PackedIndex Avail, PackedIndex Used)
{
    public const ushort PositionMask = 0x7fff;

    public const ushort WrapBit = 0x8000;

    public uint Encode() => Half(Avail) | ((uint)Half(Used) << 16);

    public static PackedRingBase Decode(uint value) => new(FromHalf((ushort)value), FromHalf((ushort)(value >> 16)));

    private static ushort Half(PackedIndex index) => (ushort)(index.Position | (index.Wrap ? WrapBit : 0));

    private static PackedIndex FromHalf(ushort half) => new((ushort)(half & PositionMask), (half & WrapBit) != 0);
}
