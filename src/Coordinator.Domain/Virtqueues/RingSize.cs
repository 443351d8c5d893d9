using System.Globalization;
using System.Numerics;

namespace Coordinator.Domain.Virtqueues;

public enum RingLayout
{
    Split,
    Packed,
}

/// <summary>
/// Entries of one ring. 0 means that the queue does not exist. The specification allows up to 32768 for both layouts (virtio 1.2, 2.7 and 2.8); QEMU offers at most
/// <see cref="QemuMaximum"/>, and a size observed in QEMU beyond that is a sign of damage, not an error of arithmetic.
/// </summary>
public readonly record struct RingSize
{
    /// <summary>Queue Size never exceeds 32768.</summary>
    public const int SpecificationMaximum = 32768;

    /// <summary>VIRTQUEUE_MAX_SIZE of QEMU.</summary>
    public const int QemuMaximum = 1024;

    /// <exception cref="ArgumentOutOfRangeException">Not in 0..32768.</exception>
    public RingSize(int entries)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(entries);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entries, SpecificationMaximum);
        Entries = entries;
    }

    public int Entries { get; }

    public bool Exists => Entries != 0;

    /// <summary>For values that a hypervisor sent: an impossible size is not representable and must be reported by the reader as such.</summary>
    public static bool TryCreate(long entries, out RingSize size)
    {
        bool possible = entries is >= 0 and <= SpecificationMaximum;
        size = possible ? new RingSize((int)entries) : default;
        return possible;
    }

    /// <summary>A split ring's size is a power of two (virtio 1.2, 2.7), a packed ring's need not be one (2.8).</summary>
    public bool IsLegalFor(RingLayout layout) => Exists && (layout == RingLayout.Packed || BitOperations.IsPow2(Entries));

    public override string ToString() => Entries.ToString(CultureInfo.InvariantCulture);
}
