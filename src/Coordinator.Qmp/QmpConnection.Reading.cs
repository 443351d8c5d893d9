using System.Net.Sockets;
using System.Text.Json;
using Coordinator.Qmp.Commands;
using Coordinator.Qmp.Framing;
using Coordinator.Qmp.Schema;

namespace Coordinator.Qmp;

partial class QmpConnection
{
    /// <summary>QEMU queues at most 8 requests of a client that left; more strays than that are not strays.</summary>
    const int StrayReplyLimit = 8;

    long _receivedBytes;
    int _strayReplies;

    bool IsClosed => Volatile.Read(ref _closedReason) is not null;

    async Task ReadLoopAsync()
    {
        try
        {
            while (!IsClosed)
            {
                var read = await _input.ReadAsync();
                var rest = read.Buffer;
                Interlocked.Add(ref _receivedBytes, rest.Length - _framer.PendingBytes);
                while (!IsClosed && _framer.TryRead(ref rest, out var message))
                    Handle(IncomingMessage.Parse(message, _options.MaxDepth));
                // Places that became free in this read are filled by one write.
                StartSending();
                var endedWithin = read.IsCompleted && _framer.PendingBytes > 0 ? ProtocolViolation.Of("the stream ended inside a message", rest) : null;
                _input.AdvanceTo(rest.Start, rest.End);
                if (endedWithin is not null)
                    throw endedWithin;
                if (read.IsCompleted)
                    Close(new QmpClosedReason(QmpClosedKind.PeerClosed, $"the peer at {Endpoint} closed it"));
            }
        }
        catch (QmpProtocolException e)
        {
            Close(new QmpClosedReason(QmpClosedKind.ProtocolViolated, e.Message, e));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Close(Broken("reading", e));
        }
#pragma warning disable CA1031 // a defect of this loop must end the connection too; otherwise callers would wait for nobody
        catch (Exception e)
#pragma warning restore CA1031
        {
            Close(new QmpClosedReason(QmpClosedKind.Broken, $"reading from {Endpoint} failed: {e.Message}", e));
        }
        finally
        {
            await _input.CompleteAsync();
            await _stream.DisposeAsync();
        }
    }

    void Handle(IncomingMessage message)
    {
        if (!_greeting.Task.IsCompleted && message.Kind is MessageKind.Event)
            throw ProtocolViolation.Of("an event came before the greeting", message.Body);
        switch (message.Kind)
        {
            case MessageKind.Greeting:
                Accept(Greeting.Parse(message.Body), message);
                break;
            case MessageKind.Event:
                StartSending();
                Deliver(EventParsing.Parse(message.Body, _options.TimeProvider));
                break;
            default:
                HandleReply(message);
                break;
        }
    }

    void Accept(Greeting greeting, IncomingMessage message)
    {
        if (_greeting.Task.IsCompleted)
            throw ProtocolViolation.Of("a second greeting came; one is allowed, first of all", message.Body);
        // Set here, not when negotiation is over: an event, and so its handler, can come before the reply to qmp_capabilities.
        Version = greeting.Version;
        OutOfBand = greeting.OffersOutOfBand;
        _greeting.TrySetResult(greeting);
    }

    void Deliver(QmpEvent happened)
    {
        if (_options.OnEvent is { } handler)
        {
            try
            {
                handler(this, happened);
            }
#pragma warning disable CA1031 // whatever the owner's handler throws is the reason, and goes to the owner
            catch (Exception e)
#pragma warning restore CA1031
            {
                var message = $"the handler of event {ProtocolViolation.Cut(happened.Name)} failed: {e.Message}";
                Close(new QmpClosedReason(QmpClosedKind.EventHandlerFailed, message, e));
            }
        }
        else if (!_events.Writer.TryWrite(happened))
        {
            var message = $"{_options.EventCapacity} events lie unread and {ProtocolViolation.Cut(happened.Name)} came; read them faster, or observe again";
            Close(new QmpClosedReason(QmpClosedKind.EventsOverflowed, message));
        }
    }

    void HandleReply(IncomingMessage message)
    {
        if (!message.Body.TryGetProperty("id", out var id))
            throw ProtocolViolation.Of(
                "a reply has no id, and every command was sent with one (it may belong to the client that held this monitor before)", message.Body);
        if (!_ids.TryRead(id, out var number))
        {
            DropStray(message, id);
            return;
        }
        var error = message.Kind is MessageKind.Error ? ParseError(message.Body) : null;
        CommandBatch? completed = null;
        PendingCommand? command;
        bool isLate;
        lock (_gate)
        {
            if (!_outstanding.Remove(number, out command))
                throw ProtocolViolation.Of(
                    number >= 1 && number <= _lastNumber ? "a second reply came for one command" : "a reply came for a command that was never sent",
                    message.Body);
            command.Lane.Finish(command);
            isLate = command.Batch.IsAbandoned;
            var reply = ToReply(command, message, error);
            _tap?.Answered(number, reply);
            if (!isLate && command.Batch.Answer(command.Index, reply))
                completed = command.Batch;
            Pump(command.Lane);
        }
        completed?.Complete();
        if (isLate)
            LogLateReply(command.Command.Name, Endpoint);
    }

    static QmpReply ToReply(PendingCommand command, IncomingMessage message, QmpError? error) => error is null
        ? QmpReply.FromResult(command.Command.Name, message.Body.GetProperty("return"))
        : QmpReply.FromError(command.Command.Name, error);

    static QmpError ParseError(JsonElement message)
    {
        var fields = SchemaFields.Of(message, "an error reply").Object("error");
        return new QmpError(fields.Text("class"), fields.Text("desc"));
    }

    /// <summary>See <see cref="CommandId"/> for where strays come from.</summary>
    void DropStray(IncomingMessage message, JsonElement id)
    {
        if (!CommandId.IsOfThisLibrary(id))
            throw ProtocolViolation.Of(
                "a reply has an id that was never sent (it may belong to the client that held this monitor before)", message.Body);
        if (++_strayReplies > StrayReplyLimit)
            throw ProtocolViolation.Of($"more than {StrayReplyLimit} replies to commands of an earlier connection came", message.Body);
        LogStrayReply(Endpoint);
    }
}
