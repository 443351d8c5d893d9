using Google.Protobuf;

namespace Coordinator.Agent.Sessions;

/// <summary>Ids on the wire are the 16 bytes of <see cref="Guid.ToByteArray()"/>.</summary>
internal static class WireIds
{
    public static ByteString ToWire(Guid id) => ByteString.CopyFrom(id.ToByteArray());

    /// <summary>Anything but 16 bytes is the empty id, which no process, store or incarnation has.</summary>
    public static Guid ToGuid(ByteString bytes) => bytes.Length == 16 ? new Guid(bytes.Span) : Guid.Empty;
}
