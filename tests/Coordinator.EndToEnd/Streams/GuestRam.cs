using System.Buffers.Binary;
using System.Globalization;

namespace Coordinator.EndToEnd.Streams;

/// <summary>
/// Memory of a guest whose QEMU has it in a memfd, read from outside (memory-backend-memfd, not above 2 GiB: below that, guest-physical addresses are offsets on q35).
/// </summary>
internal sealed class GuestRam(int pid)
{
    /// <summary>Arguments that give a guest of this size such memory.</summary>
    public static string[] Arguments(int memoryMib) => ["-object", $"memory-backend-memfd,id=ram0,size={memoryMib}M,share=on", "-machine", "memory-backend=ram0"];

    /// <param name="ring">Guest-physical address of the descriptor table. Linux lays the avail ring behind it, and the used ring on the next 64 bytes (vring_init; measured).</param>
    public SplitRing Ring(ushort lastAvail, long ring, int entries)
    {
        long availIndex = AvailIndexAddress(ring, entries);
        long used = (availIndex - 2 + (2 * (3L + entries)) + 63) & ~63L;
        return new SplitRing(lastAvail, U16(availIndex), U16(used + 2));
    }

    /// <summary>Behind the descriptors and the avail ring's flags.</summary>
    public static long AvailIndexAddress(long ring, int entries) => ring + (16L * entries) + 2;

    private ushort U16(long address)
    {
        string mapping = File.ReadLines($"/proc/{pid}/maps").First(line => line.Contains("memfd:memory-backend-memfd", StringComparison.Ordinal));
        long start = long.Parse(mapping.AsSpan(0, mapping.IndexOf('-', StringComparison.Ordinal)), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        using FileStream memory = new($"/proc/{pid}/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        memory.Position = start + address;
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        memory.ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }
}
