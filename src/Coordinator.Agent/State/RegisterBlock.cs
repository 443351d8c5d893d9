using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Coordinator.Agent.State;

/// <summary>
/// The one block of a register file. All content lies in the first 152 bytes, inside one 512-byte sector, the unit that disks write whole; the
/// checksum finds a torn one anyway.
/// A whole page is written, so that the kernel never has to read before it writes. An all-zero block (a file that lost its data) is no valid block,
/// so it is unknown and not empty.
/// </summary>
internal static class RegisterBlock
{
    public const int SizeBytes = 4096;

    private const int InstanceAt = 8;
    private const int AttemptAt = 24;
    private const int InodeAt = 32;
    private const int BirthAt = 40;
    private const int ValueAt = 48;
    private const int VmLengthAt = 56;
    private const int VmAt = 57;
    private const int ChecksumAt = 120;
    private const int ChecksumBytes = 32;

    // The last byte is the format's version.
    private static ReadOnlySpan<byte> Magic => "CDREGST\u0001"u8;

    public static byte[] Encode(RegisterSubject subject, FileIdentity file, RegisterValue value)
    {
        var block = new byte[SizeBytes];
        Magic.CopyTo(block);
        subject.InstanceId.TryWriteBytes(block.AsSpan(InstanceAt));
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(AttemptAt), subject.Attempt);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(InodeAt), file.Inode);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(BirthAt), file.BirthNanoseconds);
        block[ValueAt] = (byte)value;
        block[VmLengthAt] = (byte)Encoding.ASCII.GetBytes(subject.Vm, block.AsSpan(VmAt, ChecksumAt - VmAt));
        SHA256.HashData(block.AsSpan(0, ChecksumAt), block.AsSpan(ChecksumAt, ChecksumBytes));
        return block;
    }

    /// <summary>The value, or <see cref="RegisterValue.Unknown"/> and why.</summary>
    public static (RegisterValue Value, string? Doubt) Decode(ReadOnlySpan<byte> block, RegisterSubject subject, FileIdentity file)
    {
        if (block.Length < SizeBytes || !block.StartsWith(Magic))
        {
            return (RegisterValue.Unknown, "its file is cut off or not a register");
        }

        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        SHA256.HashData(block[..ChecksumAt], checksum);
        if (!checksum.SequenceEqual(block.Slice(ChecksumAt, ChecksumBytes)))
        {
            return (RegisterValue.Unknown, "its checksum does not match: the last write was torn, or the disk is damaged");
        }

        if (new Guid(block.Slice(InstanceAt, 16)) != subject.InstanceId)
        {
            return (RegisterValue.Unknown, "it was written by an earlier instance of this agent's store, which was lost or restored");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(block[InodeAt..]) != file.Inode
            || BinaryPrimitives.ReadInt64LittleEndian(block[BirthAt..]) != file.BirthNanoseconds)
        {
            return (RegisterValue.Unknown, "its file is a copy, so it may be older than the decision");
        }

        var vm = Encoding.ASCII.GetString(block.Slice(VmAt, Math.Min(block[VmLengthAt], (byte)(ChecksumAt - VmAt))));
        return vm == subject.Vm && BinaryPrimitives.ReadInt64LittleEndian(block[AttemptAt..]) == subject.Attempt && (RegisterValue)block[ValueAt] is var value
            && value is RegisterValue.Empty or RegisterValue.Run or RegisterValue.Refused
            ? (value, null)
            : (RegisterValue.Unknown, "its file belongs to another VM or attempt");
    }
}
