using System.Net;
using System.Net.Sockets;
using Coordinator.Lab.Deployments;

namespace Coordinator.EndToEnd.Streams;

/// <summary>
/// Stands in front of a host's stream ports, in a deployment that advertises <see cref="Deployment.RelayAddress"/>, and changes one queue's last_avail_idx on its way: a wrong
/// stream as the destination's QEMU would get it from a wrong source. Everything else passes unchanged, at once: only bytes that may be the beginning of the device's
/// section wait for the next ones.
/// </summary>
internal sealed class StreamRelay : IAsyncDisposable
{
    /// <summary>PCI configuration (4 KiB with PCIe) and MSI-X tables stand before the queues.</summary>
    private const int SectionBytesAtMost = 64 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly string _streamAddress;
    private readonly int _queuePairs;

    private StreamRelay(Deployment deployment, string host, int queuePairs)
    {
        _streamAddress = deployment.StreamAddress(host);
        _queuePairs = queuePairs;
        for (int port = Deployment.FirstStreamPort; port <= Deployment.LastStreamPort; port++)
        {
            Socket listener = NamespaceSocket.Tcp(deployment.Network.Namespace);
            _listeners.Add(listener);
            listener.Bind(new IPEndPoint(IPAddress.Parse(Deployment.RelayAddress(host)), port));
            listener.Listen();
            _accepting.Add(AcceptAsync(listener, deployment.Network.Namespace, port));
        }
    }

    /// <summary>What is to be changed in the next stream; null passes it unchanged.</summary>
    public IndexEdit? Edit { get; set; }

    /// <summary>What was changed in the last stream; null if nothing.</summary>
    public EditedIndex? Edited { get; private set; }

    public static StreamRelay Start(Deployment deployment, string host, int queuePairs) => new(deployment, host, queuePairs);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await Task.WhenAll(_accepting);
        _stop.Dispose();
    }

    private async Task AcceptAsync(Socket listener, string networkNamespace, int port)
    {
        try
        {
            while (true)
            {
                using Socket source = await listener.AcceptAsync(_stop.Token);
                using Socket destination = NamespaceSocket.Tcp(networkNamespace);
                await RelayAsync(source, destination, port);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The relay ends.
        }
    }

    private async Task RelayAsync(Socket source, Socket destination, int port)
    {
        try
        {
            await destination.ConnectAsync(new IPEndPoint(IPAddress.Parse(_streamAddress), port), _stop.Token);
            await Task.WhenAll(PassAsync(source, destination, new Rewriter(this)), PassAsync(destination, source, rewriter: null));
        }
        catch (SocketException)
        {
            // One side is gone; closing both shows it to the other.
        }
    }

    private async Task PassAsync(Socket from, Socket to, Rewriter? rewriter)
    {
        byte[] buffer = new byte[1 << 20];
        try
        {
            int held = 0;
            while (true)
            {
                int read = await from.ReceiveAsync(buffer.AsMemory(held), _stop.Token);
                int known = held + read;
                int ready = read == 0 || rewriter is null ? known : rewriter.Ready(buffer.AsSpan(0, known));
                for (int sent = 0; sent < ready;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, ready - sent), _stop.Token);
                }

                held = known - ready;
                buffer.AsSpan(ready, held).CopyTo(buffer);
                if (read == 0)
                {
                    break;
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            from.Close();
            to.Close();
        }
    }

    /// <summary>One stream's way through.</summary>
    private sealed class Rewriter
    {
        private readonly StreamRelay _relay;
        private readonly IndexEdit? _edit;
        private bool _done;

        public Rewriter(StreamRelay relay)
        {
            _relay = relay;
            _edit = relay.Edit;
            _done = _edit is null;
            relay.Edited = null;
        }

        /// <summary>How many of these bytes may go on.</summary>
        public int Ready(Span<byte> bytes)
        {
            if (_done)
            {
                return bytes.Length;
            }

            int marker = bytes.IndexOf(VirtioNetState.Marker);
            if (marker < 0)
            {
                return bytes.Length - BegunMarker(bytes);
            }

            int queues = VirtioNetState.FindQueues(bytes[marker..], _relay._queuePairs);
            if (queues >= 0)
            {
                _relay.Edited = _edit!.Apply(bytes[(marker + queues)..]);
                _done = true;
                return bytes.Length;
            }

            // Too long: it was not the section but something that looked like its beginning.
            return bytes.Length - marker > SectionBytesAtMost ? bytes.Length : marker;
        }

        private static int BegunMarker(ReadOnlySpan<byte> bytes)
        {
            for (int length = Math.Min(bytes.Length, VirtioNetState.Marker.Length - 1); length > 0; length--)
            {
                if (bytes.EndsWith(VirtioNetState.Marker[..length]))
                {
                    return length;
                }
            }

            return 0;
        }
    }
}
