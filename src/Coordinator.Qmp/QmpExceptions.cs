using System.Globalization;
using System.Net.Sockets;
using Coordinator.Qmp.Framing;

namespace Coordinator.Qmp;

/// <summary>Everything this library reports about a peer or a connection; wrong arguments are ordinary argument exceptions.</summary>
public abstract class QmpException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The socket could not be opened. <see cref="SocketError"/> tells a missing process from a busy one.</summary>
public sealed class QmpConnectException(string message, SocketError socketError, Exception? inner = null) : QmpException(message, inner)
{
    public SocketError SocketError { get; } = socketError;
}

/// <summary>The peer broke the protocol: what was wrong, what is allowed, and an excerpt of at most 200 characters.</summary>
public class QmpProtocolException(string message, Exception? inner = null) : QmpException(message, inner);

/// <summary>
/// Not greeted and negotiated in time. With no byte received, another client probably holds the monitor: QEMU serves one at a time.
/// </summary>
public sealed class QmpGreetingException(string message, long receivedBytes) : QmpProtocolException(message)
{
    public long ReceivedBytes { get; } = receivedBytes;
}

/// <summary>QEMU answered the command with an error. The class is stable API of QEMU; the description is for people and must not be parsed.</summary>
public sealed class QmpCommandException(string command, QmpError error)
    : QmpException($"QEMU refused {command}: {ProtocolViolation.Cut(error.Description)} ({ProtocolViolation.Cut(error.Class)})")
{
    public string Command { get; } = command;

    public QmpError Error { get; } = error;

    public string Class => Error.Class;

    public string Description => Error.Description;
}

/// <summary>No answer in time. When <see cref="WasSent"/>, QEMU may still execute the command later: observe before deciding anything.</summary>
public sealed class QmpTimeoutException(string message, bool wasSent, int answered, int total) : QmpException(message)
{
    /// <summary>False: nothing of it ever left this process, and nothing will.</summary>
    public bool WasSent { get; } = wasSent;

    /// <summary>Commands of the batch that had been answered in time.</summary>
    public int Answered { get; } = answered;

    public int Total { get; } = total;

    internal static QmpTimeoutException For(string command, TimeSpan deadline, int sent, int answered, int total)
    {
        var within = string.Create(CultureInfo.InvariantCulture, $"{deadline.TotalMilliseconds:0} ms");
        var message = total > 1
            ? $"{answered} of {total} commands (first: {command}) were answered within {within}; {sent - answered} sent ones may still be executed."
            : sent == 0
                ? $"{command} was not sent within {within}: the commands before it are unanswered. It will not be executed."
                : $"{command} was not answered within {within}. It was sent and may still be executed.";
        return new QmpTimeoutException(message, sent > answered, answered, total);
    }
}

/// <summary>More commands wait than <see cref="QmpOptions.MaxWaitingCommands"/> allows. Nothing of the refused call was sent.</summary>
public sealed class QmpBusyException(string message) : QmpException(message);

/// <summary>The connection ended before the answer came. A command already sent may have been executed.</summary>
public sealed class QmpClosedException(QmpClosedReason reason)
    : QmpException($"The QMP connection is closed: {reason.Message}", reason.Cause)
{
    public QmpClosedReason Reason { get; } = reason;
}
