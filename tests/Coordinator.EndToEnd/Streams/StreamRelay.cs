using System.Net;
using System.Net.Sockets;
using Coordinator.Lab.Deployments;

namespace Coordinator.EndToEnd.Streams;

/// <summary>
/// Stands in front of a host's stream ports, in a deployment that advertises <see cref="Deployment.RelayAddress"/>. It can change one queue's last_avail_idx or a word of the
/// guest's memory on its way, as the destination's QEMU would get it from a wrong source, and it can hold the stream back in the middle of the switchover. Everything else passes
/// unchanged, at once: only bytes that may be the beginning of what is looked for wait for the next ones.
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

    /// <summary>A word of the guest's memory to be changed whenever it is sent; null passes memory unchanged.</summary>
    public MemoryEdit? MemoryEdit { get; set; }

    /// <summary>Where the next stream is to stand still; null lets it pass.</summary>
    public StreamHold? Hold { get; set; }

    /// <summary>What was changed in the last stream; null if nothing.</summary>
    public EditedIndex? Edited { get; private set; }

    public static StreamRelay Start(Deployment deployment, string host, int queuePairs) => new(deployment, host, queuePairs);

    /// <summary>
    /// How many of the last bytes may be the beginning of what is looked for. Nothing else may wait: the last bytes of a stream have none after them, and the source waits for its
    /// acknowledgement.
    /// </summary>
    public static int Begun(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> wanted)
    {
        int length = Math.Min(bytes.Length, wanted.Length - 1);
        while (!bytes.EndsWith(wanted[..length]))
        {
            length--;
        }

        return length;
    }

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
            int read;
            do
            {
                read = await from.ReceiveAsync(buffer.AsMemory(held), _stop.Token);
                held = await ForwardAsync(buffer, held + read, to, read == 0 ? null : rewriter);
            }
            while (read > 0);

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            from.Close();
            to.Close();
        }
    }

    /// <returns>How many bytes, now at the buffer's beginning, wait for the next ones.</returns>
    private async Task<int> ForwardAsync(byte[] buffer, int known, Socket to, Rewriter? rewriter)
    {
        while (true)
        {
            int ready = rewriter?.Ready(buffer.AsSpan(0, known)) ?? known;
            for (int sent = 0; sent < ready;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, ready - sent), _stop.Token);
            }

            known -= ready;
            buffer.AsSpan(ready, known).CopyTo(buffer);
            if (rewriter?.TakeHold() is not { } hold)
            {
                return known;
            }

            await hold.StandAsync(_stop.Token);
        }
    }

    /// <summary>One stream's way through.</summary>
    private sealed class Rewriter
    {
        private readonly StreamRelay _relay;
        private readonly IndexEdit? _edit;
        private readonly MemoryEdit? _memory;
        private StreamHold? _hold;
        private bool _isAtHold;
        private bool _done;

        public Rewriter(StreamRelay relay)
        {
            _relay = relay;
            _edit = relay.Edit;
            _memory = relay.MemoryEdit;
            _hold = relay.Hold;
            _done = _edit is null;
            relay.Edited = null;
        }

        /// <summary>The hold that the stream has come to; from then on it is passed.</summary>
        public StreamHold? TakeHold()
        {
            StreamHold? reached = _isAtHold ? _hold : null;
            (_isAtHold, _hold) = (false, _isAtHold ? null : _hold);
            return reached;
        }

        /// <summary>How many of these bytes may go on.</summary>
        public int Ready(Span<byte> bytes)
        {
            // Device state follows memory, so a hold for the marker never cuts a page that is still to be changed.
            int edited = _memory?.Apply(bytes) ?? bytes.Length;
            return Math.Min(edited, ReadyOfState(bytes[..edited]));
        }

        private int ReadyOfState(Span<byte> bytes)
        {
            if (_done && _hold is null)
            {
                return bytes.Length;
            }

            int marker = bytes.IndexOf(VirtioNetState.Marker);
            if (marker < 0)
            {
                return bytes.Length - Begun(bytes, VirtioNetState.Marker);
            }

            if (_hold is not null)
            {
                _isAtHold = true;
                return marker;
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
    }
}
