using Coordinator.Domain;
using Google.Protobuf;

namespace Coordinator.Actors.Agents;

/// <summary>Ids in agent messages: the 16 bytes of a UUID in the order of its text; empty means none.</summary>
internal static class WireIds
{
    private const int UuidBytes = 16;

    internal static ByteString Write(Guid id) => id == Guid.Empty ? ByteString.Empty : ByteString.CopyFrom(id.ToByteArray(bigEndian: true));

    internal static Guid Read(string field, ByteString bytes) => bytes.Length switch
    {
        0 => Guid.Empty,
        UuidBytes => new Guid(bytes.Span, bigEndian: true),
        _ => throw new InvalidValueException(field, Convert.ToHexStringLower(bytes.Span), "16 bytes, or none"),
    };
}
