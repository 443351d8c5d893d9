using System.Runtime.Serialization;
using Coordinator.Domain;
using Google.Protobuf;

namespace Coordinator.Journal;

/// <summary>Single fields both ways. What cannot have been written by us is refused when read.</summary>
internal static class StoredFields
{
    private const int UuidBytes = 16;

    internal static ByteString Uuid(Guid value) => ByteString.CopyFrom(value.ToByteArray(bigEndian: true));

    internal static Guid Uuid(ByteString bytes) =>
        bytes.Length == UuidBytes ? new Guid(bytes.Span, bigEndian: true)
            : throw new SerializationException($"an id of {bytes.Length} bytes; ids have {UuidBytes}");

    internal static AttemptNo Attempt(int value) => value >= 0 ? new AttemptNo(value) : throw new SerializationException($"attempt {value} is negative");

    internal static ushort Index(uint value) =>
        value <= ushort.MaxValue ? (ushort)value : throw new SerializationException($"index {value} has more than 16 bits");

    internal static ushort? OptionalIndex(bool has, uint value) => has ? Index(value) : null;

    internal static SerializationException Unspecified<T>(T value)
        where T : struct, Enum => new($"{typeof(T).Name} {value} is not a word that this version knows");
}
