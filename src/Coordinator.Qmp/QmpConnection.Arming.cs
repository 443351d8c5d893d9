using System.Buffers;
using Coordinator.Qmp.Commands;

namespace Coordinator.Qmp;

partial class QmpConnection
{
    /// <summary>The end of a command, which QEMU executes when it reads the brace.</summary>
    const int WithheldBytes = 2;

    bool _isArmed;

    /// <summary>
    /// Sends a command but for its last byte. QEMU reads its monitor one byte per turn of its event loop (see <see cref="CommandEncoding"/>), so most of a command's
    /// time is spent on being read; of an armed one all of that is over before it matters. Nothing is executed until <see cref="ArmedCommand.Fire"/>: when the connection
    /// ends before, QEMU throws away what it has read. Until then this connection takes no other command.
    /// </summary>
    /// <exception cref="InvalidOperationException">commands wait or are unanswered here, or one is armed already</exception>
    /// <exception cref="QmpClosedException">the connection is closed</exception>
    public ArmedCommand Arm(QmpCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        CommandBatch batch;
        lock (_gate)
        {
            if (_closedReason is { } reason)
                throw new QmpClosedException(reason);
            RequireUnarmed();
            if (_inBand.Outstanding + _inBand.Waiting + _outOfBand.Outstanding + _outOfBand.Waiting > 0)
                throw new InvalidOperationException($"{command.Name} cannot be armed: other commands of the connection to {Endpoint} are unanswered.");
            batch = new CommandBatch([command], _inBand, ref _lastNumber);
            _inBand.Enqueue(batch.Commands[0]);
            _inBand.TryStart(out var started);
            _outstanding.Add(started.Number, started);
            ArrayBufferWriter<byte> whole = new();
            CommandEncoding.Append(whole, _inBand.Verb, command, _ids.Of(started.Number));
            _unsent.Write(whole.WrittenSpan[..^WithheldBytes]);
            _isArmed = true;
        }
        StartSending();
        return new ArmedCommand(command, () => Fire(batch));
    }

    Task<QmpReply[]> Fire(CommandBatch batch)
    {
        lock (_gate)
        {
            // Once: a second brace would be a syntax error. After the end the batch has failed already.
            if (_isArmed && _closedReason is null)
            {
                _tap?.Sending(batch.Commands[0].Number, batch.Commands[0].Command, isOutOfBand: false);
                _unsent.Write("}\n"u8);
            }
            _isArmed = false;
        }
        StartSending();
        return batch.Completion;
    }

    /// <summary>Under the gate: another command's bytes would land inside the armed one.</summary>
    void RequireUnarmed()
    {
        if (_isArmed)
            throw new InvalidOperationException($"a command is armed on the connection to {Endpoint}; it takes no other one until that is fired.");
    }
}
