using System.Buffers.Binary;

namespace Coordinator.Lab.Tests;

/// <summary>The memory file of a running guest.</summary>
static class GuestMemory
{
    const int PageBytes = 4096;
    const ulong Scramble = 0x9e3779b97f4a7c15; // as in tests/guest/memory.c

    /// <summary>Flips a bit in the middle of a page that the load wrote once (number mod 4 is 3, generation 0) and only verifies.</summary>
    /// <returns>The load's number of the page.</returns>
    public static uint DamageOnePage(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var page = new byte[PageBytes];
        for (long offset = 0; offset < file.Length; offset += PageBytes)
        {
            file.Position = offset;
            file.ReadExactly(page);
            var stamp = BinaryPrimitives.ReadUInt64LittleEndian(page);
            var number = (uint)(stamp >> 32);
            if ((uint)stamp != 0 || number % 4 != 3 || BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(8)) != unchecked(stamp * Scramble))
                continue;
            file.Position = offset + PageBytes / 2;
            file.WriteByte((byte)(page[PageBytes / 2] ^ 1));
            return number;
        }
        throw new LabFailure($"no page of the guest's load in {path}");
    }
}
