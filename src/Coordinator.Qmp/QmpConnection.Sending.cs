using System.Buffers;
using System.Net.Sockets;
using Coordinator.Qmp.Commands;

namespace Coordinator.Qmp;

partial class QmpConnection
{
    /// <summary>How long what the peer sent before it stopped listening may still be read: its last words are often the SHUTDOWN event.</summary>
    static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(1);

    ArrayBufferWriter<byte> _unsent = new();
    ArrayBufferWriter<byte> _sendingNow = new();
    bool _isSending;

    async Task<QmpReply[]> RunAsync(IReadOnlyList<QmpCommand> commands, CommandLane lane, TimeSpan? deadline, CancellationToken ct)
    {
        var limit = deadline ?? _options.CommandDeadline;
        if (limit <= TimeSpan.Zero && limit != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(nameof(deadline), limit, "The deadline must be positive or infinite.");
        ct.ThrowIfCancellationRequested();
        CommandBatch batch;
        lock (_gate)
        {
            if (_closedReason is { } reason)
                throw new QmpClosedException(reason);
            RequireUnarmed();
            if (!lane.HasRoomFor(commands.Count))
                throw lane.Busy(commands.Count);
            batch = new CommandBatch(commands, lane, ref _lastNumber);
            foreach (var command in batch.Commands)
                lane.Enqueue(command);
            Pump(lane);
        }
        StartSending();
        // The timer is made after sending: it costs nothing of the way to QEMU.
        await using var timer = limit == Timeout.InfiniteTimeSpan ? null : _options.TimeProvider.CreateTimer(
            _ => GiveUp(batch, (sent, answered) => TimedOut(batch, limit, sent, answered)), state: null, limit, Timeout.InfiniteTimeSpan);
        await using var registration = ct.UnsafeRegister(
            _ => GiveUp(batch, (_, _) => new OperationCanceledException(ct)), state: null);
        return await batch.Completion;
    }

    /// <summary>Under the gate: moves commands from the lane into the buffer while places are free.</summary>
    void Pump(CommandLane lane)
    {
        while (lane.TryStart(out var command))
        {
            _outstanding.Add(command.Number, command);
            _tap?.Sending(command.Number, command.Command, ReferenceEquals(lane, _outOfBand));
            CommandEncoding.Append(_unsent, lane.Verb, command.Command, _ids.Of(command.Number));
        }
    }

    /// <summary>Sends what lies in the buffer, on the calling thread as far as the socket takes it at once.</summary>
    void StartSending()
    {
        lock (_gate)
        {
            if (_isSending || _unsent.WrittenCount == 0 || _closedReason is not null)
                return;
            _isSending = true;
        }
        _ = SendAsync();
    }

    async Task SendAsync()
    {
        try
        {
            while (TakeUnsent())
            {
                for (var rest = _sendingNow.WrittenMemory; !rest.IsEmpty;)
                    rest = rest[await _socket.SendAsync(rest, SocketFlags.None)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // _isSending stays set: nothing more can be sent.
            await Task.WhenAny(_closed.Task, Task.Delay(DrainLimit, _options.TimeProvider));
            Close(Broken("writing", e));
        }
    }

    bool TakeUnsent()
    {
        lock (_gate)
        {
            _sendingNow.ResetWrittenCount();
            if (_unsent.WrittenCount == 0)
            {
                _isSending = false;
                return false;
            }
            (_unsent, _sendingNow) = (_sendingNow, _unsent);
            return true;
        }
    }

    /// <summary>Ends a caller's wait. What was not sent never will be; what was sent keeps its place until its reply comes.</summary>
    void GiveUp(CommandBatch batch, Func<int, int, Exception> why)
    {
        var sent = 0;
        lock (_gate)
        {
            if (batch.IsAbandoned || batch.Answered == batch.Commands.Length)
                return;
            batch.Abandon();
            foreach (var command in batch.Commands)
            {
                if (command.State == PendingState.Waiting)
                    command.Lane.Withdraw(command);
                else
                    sent++;
            }
        }
        batch.Fail(why(sent, batch.Answered));
    }

    QmpTimeoutException TimedOut(CommandBatch batch, TimeSpan limit, int sent, int answered)
    {
        var timeout = QmpTimeoutException.For(batch.Commands[0].Command.Name, limit, sent, answered, batch.Commands.Length);
        LogTimedOut(Endpoint, timeout.Message);
        return timeout;
    }

    void Close(QmpClosedReason reason)
    {
        List<CommandBatch> failed;
        lock (_gate)
        {
            if (_closedReason is not null)
                return;
            _closedReason = reason;
            failed = UnansweredBatches();
        }
        _socket.Dispose();
        LogClosed(Endpoint, reason.Kind, reason.Message);
        var isDisposed = reason.Kind == QmpClosedKind.Disposed;
        _greeting.TrySetException(new QmpClosedException(reason));
        _ = _greeting.Task.Exception;
        foreach (var batch in failed)
            batch.Fail(new QmpClosedException(reason));
        _closed.TrySetResult(reason);
        _events.Writer.TryComplete(isDisposed ? null : new QmpClosedException(reason));
    }

    /// <summary>Under the gate.</summary>
    List<CommandBatch> UnansweredBatches()
    {
        var pending = _outstanding.Values.Concat(_inBand.WithdrawAll()).Concat(_outOfBand.WithdrawAll());
        var batches = pending.Select(static command => command.Batch).Where(static batch => !batch.IsAbandoned).Distinct().ToList();
        foreach (var batch in batches)
            batch.Abandon();
        _outstanding.Clear();
        return batches;
    }

    QmpClosedReason Broken(string doing, Exception e)
    {
        var socketError = (e as SocketException ?? e.InnerException as SocketException)?.SocketErrorCode;
        var isPeerGone = socketError is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted;
        return isPeerGone
            ? new QmpClosedReason(QmpClosedKind.PeerClosed, $"the peer at {Endpoint} closed it ({doing}: {e.Message})", e)
            : new QmpClosedReason(QmpClosedKind.Broken, $"{doing} from {Endpoint} failed: {e.Message}", e);
    }
}
