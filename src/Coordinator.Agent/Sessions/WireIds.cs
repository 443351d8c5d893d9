using Google.Protobuf;

namespace Coordinator.Agent.Sessions;

/// <summary>Ids on the wire: the 16 bytes of a UUID in the order of its text; none at all means none.</summary>
internal static class WireIds
{
    private const int UuidBytes = 16;

    public static ByteString ToWire(Guid id) => id == Guid.Empty ? ByteString.Empty : ByteString.CopyFrom(id.ToByteArray(bigEndian: true));

    /// <summary>Anything but 16 bytes is the empty id, which no process, store or incarnation has.</summary>
    public static Guid ToGuid(ByteString bytes) => bytes.Length == UuidBytes ? new Guid(bytes.Span, bigEndian: true) : Guid.Empty;
}
