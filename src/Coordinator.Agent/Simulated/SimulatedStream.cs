using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Agent.Simulated;

/// <summary>First on the stream.</summary>
/// <param name="Uuid">Compared by the destination if its capability validate-uuid is set.</param>
/// <param name="Devices">A destination with other devices fails to load, as with QEMU.</param>
/// <param name="AsksForWord">return-path: the source waits for the destination's word.</param>
internal sealed record StreamHello(Guid Uuid, string MachineType, IReadOnlyList<SimulatedDevice> Devices, bool AsksForWord);

/// <summary>Last on the stream: all that a simulated guest consists of.</summary>
internal sealed record StreamState(GuestBefore Guest, bool GuestWasReset, bool IsDriven, long RanMicros)
{
    /// <summary>How often the guest has moved: the lots of its next copy begin there.</summary>
    public int Moves { get; init; }
}

internal enum StreamFrameKind : byte
{
    Hello = (byte)'H',
    Memory = (byte)'M',
    State = (byte)'D',

    /// <summary>On the return path.</summary>
    Loaded = (byte)'L',

    /// <summary>On the return path.</summary>
    LoadFailed = (byte)'F',
}

/// <summary>
/// What flows between two simulated QEMUs: TCP like QEMU's stream, so that relays, cuts and frozen networks do to it what they do to the real one. Frames: kind, length (4 bytes,
/// little endian), payload.
/// </summary>
internal sealed class SimulatedStream(Socket socket) : IDisposable
{
    private const int HeaderBytes = 5;

    /// <summary>A stranger's bytes must not make this process allocate what they say.</summary>
    private const int PayloadBytesAtMost = 1 << 20;

    public static async Task<SimulatedStream> ConnectAsync(string uri, CancellationToken cancellation)
    {
        // What the agent does to a real QEMU's socket from outside: it does not here, where one process may have thousands of streams to look through.
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(await EndPointAsync(uri, cancellation), cancellation);
            return new SimulatedStream(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <exception cref="FormatException">Not <c>tcp:host:port</c>.</exception>
    public static async Task<IPEndPoint> EndPointAsync(string uri, CancellationToken cancellation)
    {
        int colon = uri.LastIndexOf(':');
        if (!uri.StartsWith("tcp:", StringComparison.Ordinal) || colon <= 4 || !ushort.TryParse(uri.AsSpan(colon + 1), out ushort port))
        {
            throw new FormatException($"'{uri}' is not tcp:host:port, the only kind of stream that a simulated QEMU has");
        }

        string host = uri[4..colon].Trim('[', ']');
        return new IPEndPoint(IPAddress.TryParse(host, out IPAddress? address) ? address : (await Dns.GetHostAddressesAsync(host, cancellation))[0], port);
    }

    public Task SendRecordAsync<T>(StreamFrameKind kind, T payload, CancellationToken cancellation) => SendAsync(kind, JsonSerializer.SerializeToUtf8Bytes(payload), cancellation);

    public async Task SendAsync(StreamFrameKind kind, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        byte[] frame = new byte[HeaderBytes + payload.Length];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame.AsMemory(HeaderBytes));
        for (int sent = 0; sent < frame.Length;)
        {
            sent += await socket.SendAsync(frame.AsMemory(sent), cancellation);
        }
    }

    /// <returns>Null at the end of the stream.</returns>
    /// <exception cref="IOException">Broken, or not from a simulated QEMU.</exception>
    public async Task<(StreamFrameKind Kind, byte[] Payload)?> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            byte[] header = new byte[HeaderBytes];
            if (!await FillAsync(header, cancellation))
            {
                return null;
            }

            int length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(1));
            byte[] payload = length is >= 0 and <= PayloadBytesAtMost ? new byte[length] : throw new IOException("Not a migration stream");
            return await FillAsync(payload, cancellation) ? ((StreamFrameKind)header[0], payload) : null;
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>Both directions, at once and for the other end to see; what was sent before still arrives.</summary>
    public void Shutdown()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    public void Dispose() => socket.Dispose();

    private async Task<bool> FillAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        while (buffer.Length > 0)
        {
            int count = await socket.ReceiveAsync(buffer, cancellation);
            if (count == 0)
            {
                return false;
            }

            buffer = buffer[count..];
        }

        return true;
    }
}
