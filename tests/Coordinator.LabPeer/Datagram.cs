using System.Buffers.Binary;

namespace Coordinator.LabPeer;

/// <summary>
/// The head of every datagram between the guest's load and the peer, 32 bytes, big-endian (tests/guest/network.c).
/// <paramref name="SentNs"/> is the sender's own monotonic clock, so only differences within one sender mean anything.
/// </summary>
public readonly record struct Datagram(DatagramKind Kind, ushort Flow, ulong Sequence, uint Boot, ulong SentNs)
{
    public const int HeadBytes = 32;
    const uint Magic = 0x434c4231; // "CLB1"

    public void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt32BigEndian(into, Magic);
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], (ushort)Kind);
        BinaryPrimitives.WriteUInt16BigEndian(into[6..], Flow);
        BinaryPrimitives.WriteUInt64BigEndian(into[8..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(into[16..], Boot);
        BinaryPrimitives.WriteUInt32BigEndian(into[20..], 0);
        BinaryPrimitives.WriteUInt64BigEndian(into[24..], SentNs);
    }

    /// <returns>False for anything that is not one of ours; the lab's bridge carries ARP and strays too.</returns>
    public static bool TryRead(ReadOnlySpan<byte> from, out Datagram datagram)
    {
        datagram = default;
        if (from.Length < HeadBytes || BinaryPrimitives.ReadUInt32BigEndian(from) != Magic)
            return false;
        datagram = new(
            (DatagramKind)BinaryPrimitives.ReadUInt16BigEndian(from[4..]),
            BinaryPrimitives.ReadUInt16BigEndian(from[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(from[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(from[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(from[24..]));
        return true;
    }
}

/// <summary>Who numbered the datagram; an echo keeps its sender's kind.</summary>
public enum DatagramKind : ushort
{
    Guest = 1,
    Peer = 2,
}
