namespace Coordinator.Qmp;

public enum QmpClosedKind
{
    /// <summary>This side disposed the connection.</summary>
    Disposed,

    /// <summary>The peer closed its side between two messages: QEMU quit, was killed, or dropped the monitor.</summary>
    PeerClosed,

    /// <summary>Reading or writing the socket failed.</summary>
    Broken,

    /// <summary>The peer broke the protocol; the cause is a <see cref="QmpProtocolException"/>.</summary>
    ProtocolViolated,

    /// <summary>Events arrived faster than they were read. Events are state, so losing one silently is not an option.</summary>
    EventsOverflowed,

    /// <summary><see cref="QmpOptions.OnEvent"/> threw.</summary>
    EventHandlerFailed,
}

public sealed record QmpClosedReason(QmpClosedKind Kind, string Message, Exception? Cause = null);
