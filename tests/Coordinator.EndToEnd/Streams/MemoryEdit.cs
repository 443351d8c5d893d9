using System.Buffers.Binary;

namespace Coordinator.EndToEnd.Streams;

/// <summary>
/// A 16-bit word of the guest's memory that arrives with another value than the source sent, every time its page is sent: memory that is older at the destination than the device
/// state that follows it. A page is be64 (offset in its block | flags), the block's length and name unless it is the block of the page before, and 4096 bytes
/// (migration/ram.c, save_page_header).
/// </summary>
/// <param name="Address">Guest-physical, which is the offset in the block of memory below 2 GiB; above the sizes of all other blocks, whose offsets would look the same.</param>
/// <param name="Value">Little-endian in the guest.</param>
internal sealed record MemoryEdit(long Address, ushort Value)
{
    private const int PageBytes = 4096;
    private const int Page = 0x08; // RAM_SAVE_FLAG_PAGE
    private const int SameBlock = 0x20; // RAM_SAVE_FLAG_CONTINUE
    private const int HeaderBytes = sizeof(long);

    private int _pages;

    /// <summary>How often the page was changed on its way, at least once for a repetition of the same bytes.</summary>
    public int Pages => Volatile.Read(ref _pages);

    /// <summary>Changes what is complete; how many bytes may go on.</summary>
    public int Apply(Span<byte> bytes) => Math.Min(Apply(bytes, SameBlock), Apply(bytes, 0));

    private int Apply(Span<byte> bytes, int block)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteInt64BigEndian(header, (Address & ~(PageBytes - 1L)) | Page | (long)block);
        int from = 0;
        while (bytes[from..].IndexOf(header) is >= 0 and int found)
        {
            int at = from + found;
            int data = at + HeaderBytes;
            if (block == 0)
            {
                if (data >= bytes.Length)
                {
                    return at;
                }

                data += 1 + bytes[data];
            }

            if (data + PageBytes > bytes.Length)
            {
                return at;
            }

            BinaryPrimitives.WriteUInt16LittleEndian(bytes[(data + (int)(Address % PageBytes))..], Value);
            Interlocked.Increment(ref _pages);
            from = data + PageBytes;
        }

        return bytes.Length - StreamRelay.Begun(bytes[from..], header);
    }
}
