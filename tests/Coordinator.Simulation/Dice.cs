using System.Buffers.Binary;

namespace Coordinator.Simulation;

/// <summary>
/// SplitMix64: a schedule must be the same on every machine and in every version of .NET, which <see cref="Random"/> does not promise for a seed. Each party draws from dice of
/// its own, so that a fault that is taken away while shrinking disturbs the others as little as possible.
/// </summary>
public sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public static Dice Of(ulong seed, int purpose) => new(seed ^ ((ulong)(purpose + 1) * 0xD1B54A32D192ED03UL));

    public static Dice Of(ulong seed, Guid purpose)
    {
        Span<byte> bytes = stackalloc byte[16];
        purpose.TryWriteBytes(bytes);
        return new Dice(seed ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
    }

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <param name="lowest">Included.</param>
    /// <param name="highest">Included.</param>
    public long Between(long lowest, long highest) => lowest + (long)(Next() % (ulong)(highest - lowest + 1));

    public bool Chance(double probability) => probability > 0 && (Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Next());
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Next());
        return new Guid(bytes);
    }
}
