using Microsoft.Extensions.Logging;

namespace Coordinator.Qmp;

public enum QmpSessionEnd
{
    /// <summary>Disposed by its owner.</summary>
    Stopped,

    /// <summary>The owner's predicate said that the QEMU process is gone.</summary>
    ProcessGone,
}

/// <summary>
/// Keeps one monitor connected. Events are not replayed and commands are not repeated, so each time it calls the owner, who observes
/// the state anew and decides what was done and what was not.
/// </summary>
public sealed partial class QmpSession : IAsyncDisposable
{
    readonly QmpEndpoint _endpoint;
    readonly QmpOptions _options;
    readonly QmpSessionOptions _pauses;
    readonly Func<QmpConnection, CancellationToken, Task> _onConnected;
    readonly Func<bool> _isProcessGone;
    readonly ILogger _logger;

    /// <summary>Never disposed: it has no timer, so there is nothing to free, and a repeated DisposeAsync stays harmless.</summary>
    readonly CancellationTokenSource _stop = new();
    volatile QmpConnection? _current;

    QmpSession(
        QmpEndpoint endpoint, QmpOptions options, QmpSessionOptions pauses, Func<QmpConnection, CancellationToken, Task> onConnected, Func<bool> isProcessGone)
    {
        _endpoint = endpoint;
        _options = options.Validated();
        _pauses = pauses.Validated();
        _onConnected = onConnected;
        _isProcessGone = isProcessGone;
        _logger = options.Logger;
    }

    /// <summary>The connection in use, if any. It may have ended already; its calls then say so.</summary>
    public QmpConnection? Current => _current;

    /// <summary>
    /// Why the session ended. Faults with whatever a delegate threw that is not a <see cref="QmpException"/>: such an owner has a defect
    /// that another connection does not mend.
    /// </summary>
    public Task<QmpSessionEnd> Completion { get; private set; } = null!;

    /// <param name="endpoint">Where the monitor listens.</param>
    /// <param name="options">Of each connection.</param>
    /// <param name="pauses">Between attempts.</param>
    /// <param name="onConnected">
    /// Called with each new connection. Its token is cancelled when that connection ends. It may return after the first observation or stay
    /// as long as the connection lives; a <see cref="QmpException"/> from it drops the connection and another is tried.
    /// </param>
    /// <param name="isProcessGone">Asked before each attempt; true ends the session.</param>
    public static QmpSession Start(
        QmpEndpoint endpoint,
        QmpOptions options,
        Func<QmpConnection, CancellationToken, Task> onConnected,
        Func<bool> isProcessGone,
        QmpSessionOptions? pauses = null)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(onConnected);
        ArgumentNullException.ThrowIfNull(isProcessGone);
        var session = new QmpSession(endpoint, options, pauses ?? QmpSessionOptions.Default, onConnected, isProcessGone);
        session.Completion = Task.Run(session.RunAsync);
        return session;
    }

    /// <summary>Ends the session and its connection; returns when the owner's delegate has returned, so that must not await it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task<QmpSessionEnd> RunAsync()
    {
        var pause = _pauses.FirstPause;
        while (!_stop.IsCancellationRequested)
        {
            if (_isProcessGone())
            {
                LogProcessGone(_endpoint);
                return QmpSessionEnd.ProcessGone;
            }
            var started = _options.TimeProvider.GetTimestamp();
            if (!await ServeOnceAsync())
                break;
            if (_options.TimeProvider.GetElapsedTime(started) >= _pauses.LongestPause)
                pause = _pauses.FirstPause;
            if (!await PauseAsync(pause))
                break;
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, _pauses.LongestPause.Ticks));
        }
        return QmpSessionEnd.Stopped;
    }

    /// <returns>false when the session was stopped</returns>
    async Task<bool> ServeOnceAsync()
    {
        try
        {
            var connection = await QmpConnection.ConnectAsync(_endpoint, _options, _stop.Token);
            var reason = await ServeAsync(connection);
            LogReconnecting(_endpoint, reason.Message);
        }
        catch (QmpException e)
        {
            LogReconnecting(_endpoint, e.Message);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return false;
        }
        return true;
    }

    async Task<QmpClosedReason> ServeAsync(QmpConnection connection)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var cancelling = CancelWhenClosedAsync(connection, ended);
        try
        {
            _current = connection;
            await _onConnected(connection, ended.Token);
            return await connection.Closed.WaitAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (connection.Closed.IsCompleted && !_stop.IsCancellationRequested)
        {
            return await connection.Closed;
        }
        finally
        {
            _current = null;
            await connection.DisposeAsync();
            await cancelling;
        }
    }

    static async Task CancelWhenClosedAsync(QmpConnection connection, CancellationTokenSource ended)
    {
        await connection.Closed;
        await ended.CancelAsync();
    }

    async Task<bool> PauseAsync(TimeSpan pause)
    {
        try
        {
            // Up to a quarter more, at random: monitors lost together are not tried again together.
            await Task.Delay(pause + (pause * (Random.Shared.NextDouble() / 4)), _options.TimeProvider, _stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The QEMU process behind {Endpoint} is gone; no more connections are tried")]
    partial void LogProcessGone(QmpEndpoint endpoint);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The monitor at {Endpoint} will be connected again: {Reason}")]
    partial void LogReconnecting(QmpEndpoint endpoint, string reason);
}
