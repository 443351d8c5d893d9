using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Remote.Transport;
using Coordinator.Certificates.Verification;
using Google.Protobuf;

namespace Coordinator.Actors.Remoting;

/// <summary>One link to another coordinator: frames of a length (four bytes, little-endian, as DotNetty's) and a payload, in the order in which they were written.</summary>
internal sealed class NodeLinkHandle : AssociationHandle
{
    private const int LengthBytes = 4;

    /// <summary>What is written together: fewer and larger TLS records under load.</summary>
    private const int BatchBytes = 64 << 10;

    /// <summary>Beyond this the writer is told to wait, and Akka's endpoint buffers and tries again.</summary>
    private const int OutstandingBytesAtMost = 8 << 20;

    /// <summary>For what was written to leave, and for the other side to end too; as Akka's own flush-wait-on-shutdown.</summary>
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(2);

    private readonly Socket _socket;
    private readonly SslStream _stream;
    private readonly int _frameBytesAtMost;
    private readonly Action<NodeLinkHandle, string?> _onEnd;
    private readonly Channel<ByteString> _outbound = Channel.CreateUnbounded<ByteString>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource _heardEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _outstandingBytes;
    private string? _refusal;
    private int _ended;
    private Task _writing = Task.CompletedTask;

    public NodeLinkHandle(Address local, Address remote, Socket socket, SslStream stream, int frameBytesAtMost, Action<NodeLinkHandle, string?> onEnd)
        : base(local, remote)
    {
        (_socket, _stream, _frameBytesAtMost, _onEnd) = (socket, stream, frameBytesAtMost, onEnd);
    }

    public void Start()
    {
        _writing = Task.Run(WriteAsync);
        _ = Task.Run(ReadAsync);
    }

    public override bool Write(ByteString payload)
    {
        if (Interlocked.Read(ref _outstandingBytes) > OutstandingBytesAtMost || !_outbound.Writer.TryWrite(payload))
        {
            return false;
        }

        Interlocked.Add(ref _outstandingBytes, payload.Length);
        return true;
    }

    [Obsolete("Akka's own replacement calls this one.")]
    public override void Disassociate() => _ = EndAsync();

    /// <summary>What was written leaves first. May be called again.</summary>
    public async Task EndAsync()
    {
        _outbound.Writer.TryComplete();
        try
        {
            await _writing.WaitAsync(s_endLimit).ConfigureAwait(false);
            await _heardEnd.Task.WaitAsync(s_endLimit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The other side reads no more: what is left is lost, as with any transport.
        }

        Close();
    }

    private async Task WriteAsync()
    {
        ArrayBufferWriter<byte> batch = new(BatchBytes);
        try
        {
            while (await _outbound.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                long payloads = 0;
                while (batch.WrittenCount < BatchBytes && _outbound.Reader.TryRead(out ByteString? payload))
                {
                    BinaryPrimitives.WriteInt32LittleEndian(batch.GetSpan(LengthBytes), payload.Length);
                    batch.Advance(LengthBytes);
                    batch.Write(payload.Span);
                    payloads += payload.Length;
                }

                await _stream.WriteAsync(batch.WrittenMemory).ConfigureAwait(false);
                Interlocked.Add(ref _outstandingBytes, -payloads);
                batch.ResetWrittenCount();
            }

            await _stream.ShutdownAsync().ConfigureAwait(false);
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The reading side learns it too, and says so to Akka.
            Close();
        }
    }

    private async Task ReadAsync()
    {
        IHandleEventListener listener = await ReadHandlerSource.Task.ConfigureAwait(false);
        PipeReader reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: BatchBytes, leaveOpen: true));
        try
        {
            while (true)
            {
                ReadResult read = await reader.ReadAsync().ConfigureAwait(false);
                ReadOnlySequence<byte> rest = read.Buffer;
                while (TakeFrame(ref rest) is { } frame)
                {
                    listener.Notify(new InboundPayload(frame));
                }

                reader.AdvanceTo(rest.Start, rest.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (PeerClosedException e)
        {
            _refusal = e.Message;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or InvalidDataException)
        {
            // Broken, closed by this side, or no frame: the same for Akka, which associates anew.
        }

        _heardEnd.TrySetResult();
        listener.Notify(new Disassociated(DisassociateInfo.Unknown));
        await EndAsync().ConfigureAwait(false);
    }

    /// <exception cref="InvalidDataException">A length that no frame has.</exception>
    private ByteString? TakeFrame(ref ReadOnlySequence<byte> rest)
    {
        if (rest.Length < LengthBytes)
        {
            return null;
        }

        Span<byte> length = stackalloc byte[LengthBytes];
        rest.Slice(0, LengthBytes).CopyTo(length);
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (bytes < 0 || bytes > _frameBytesAtMost)
        {
            throw new InvalidDataException($"a frame of {bytes} bytes");
        }

        if (rest.Length < LengthBytes + bytes)
        {
            return null;
        }

        ReadOnlySequence<byte> payload = rest.Slice(LengthBytes, bytes);
        ByteString frame = payload.IsSingleSegment ? ByteString.CopyFrom(payload.FirstSpan) : ByteString.CopyFrom(payload.ToArray());
        rest = rest.Slice(LengthBytes + bytes);
        return frame;
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            _outbound.Writer.TryComplete();
            _stream.Dispose();
            _socket.Dispose();
            _onEnd(this, _refusal);
        }
    }
}
