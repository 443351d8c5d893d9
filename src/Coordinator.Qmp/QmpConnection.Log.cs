using Microsoft.Extensions.Logging;

namespace Coordinator.Qmp;

partial class QmpConnection
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Connected to the monitor at {Endpoint}: QEMU {Version}, out-of-band {OutOfBand}")]
    partial void LogConnected(QmpEndpoint endpoint, QmpVersion version, bool outOfBand);

    [LoggerMessage(Level = LogLevel.Information, Message = "The QMP connection to {Endpoint} ended ({Kind}): {Reason}")]
    partial void LogClosed(QmpEndpoint endpoint, QmpClosedKind kind, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Dropped a late reply to {Command} from {Endpoint}")]
    partial void LogLateReply(string command, QmpEndpoint endpoint);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped a reply to a command of an earlier connection from {Endpoint}")]
    partial void LogStrayReply(QmpEndpoint endpoint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The monitor at {Endpoint} is slow: {Detail}")]
    partial void LogTimedOut(QmpEndpoint endpoint, string detail);
}
