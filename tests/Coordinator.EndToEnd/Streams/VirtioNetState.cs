using System.Buffers.Binary;

namespace Coordinator.EndToEnd.Streams;

/// <summary>
/// Finds a virtio-net device's queues in a migration stream, as virtio_save writes them (hw/virtio/virtio.c): be32 number of queues, then for each be32 entries, be64 descriptor
/// table, be16 last_avail_idx and, of a PCI device with MSI-X, be16 vector.
/// </summary>
internal static class VirtioNetState
{
    public const int DataQueueEntries = 256;
    private const int ControlQueueEntries = 64;
    private const int RecordBytes = 16;
    private const int DescOffset = 4;
    private const int LastAvailOffset = 12;

    /// <summary>Name of the section, then be32 instance 0 and be32 version 11 (VIRTIO_NET_VM_VERSION). The name alone is also part of the names of memory blocks.</summary>
    public static ReadOnlySpan<byte> Marker => "/virtio-net\0\0\0\0\0\0\0\u000b"u8;

    /// <summary>Offset of the first queue's record behind the marker, or -1: not there, or not complete yet.</summary>
    public static int FindQueues(ReadOnlySpan<byte> section, int queuePairs)
    {
        int queues = (2 * queuePairs) + 1;
        for (int at = 0; at + 4 + (queues * RecordBytes) <= section.Length; at++)
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(section[at..]) == queues && AreQueues(section[(at + 4)..], queues))
            {
                return at + 4;
            }
        }

        return -1;
    }

    public static long Desc(ReadOnlySpan<byte> queues, int index) => BinaryPrimitives.ReadInt64BigEndian(queues[((index * RecordBytes) + DescOffset)..]);

    public static ushort LastAvail(ReadOnlySpan<byte> queues, int index) => BinaryPrimitives.ReadUInt16BigEndian(queues[((index * RecordBytes) + LastAvailOffset)..]);

    public static void WriteLastAvail(Span<byte> queues, int index, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(queues[((index * RecordBytes) + LastAvailOffset)..], value);

    private static bool AreQueues(ReadOnlySpan<byte> records, int queues)
    {
        for (int i = 0; i < queues; i++)
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(records[(i * RecordBytes)..]) != (i == queues - 1 ? ControlQueueEntries : DataQueueEntries))
            {
                return false;
            }
        }

        return true;
    }
}
