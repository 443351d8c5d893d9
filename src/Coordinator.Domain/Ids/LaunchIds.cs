using System.Buffers.Binary;

namespace Coordinator.Domain;

/// <summary>
/// Launch ids that follow from what was journalled, so that deciding stays pure and a repeated decision names the same process: the migration's id with the attempt's
/// number folded into its last four bytes (attempt numbers of one migration differ, migration ids are random).
/// </summary>
public static class LaunchIds
{
    public static LaunchId ForAttempt(Guid migration, AttemptNo attempt)
    {
        Span<byte> bytes = stackalloc byte[16];
        migration.TryWriteBytes(bytes);
        int tail = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], tail ^ attempt.Value);
        return new LaunchId(new Guid(bytes));
    }
}
