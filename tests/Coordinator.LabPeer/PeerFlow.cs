using System.Net;
using System.Net.Sockets;

namespace Coordinator.LabPeer;

/// <summary>
/// The sockets of one flow. Blocking calls on own threads, because an arrival's time is evidence: a thread pool shared with timers would
/// add its own queueing to it.
/// </summary>
sealed class PeerFlow : IDisposable
{
    // Room for half a second of the fastest flow while this process does not get the CPU.
    const int ReceiveBufferBytes = 1 << 20;

    readonly Socket echo, sender;
    readonly ArrivalRecord arrivals;
    readonly RoundTripRecord roundTrips;
    readonly Lock gate = new();
    readonly int index;
    readonly byte[] outgoing;
    volatile bool closing;
    volatile bool sends;

    public PeerFlow(int index, PeerOptions options)
    {
        this.index = index;
        sends = !options.AwaitGuest;
        arrivals = new(index, options.GapThresholdMs * 1_000_000L);
        roundTrips = new(index);
        outgoing = new byte[options.PayloadBytes];
        var local = IPAddress.Parse(options.PeerAddress);
        echo = Open(new(local, PeerOptions.PeerEchoPort + index));
        sender = Open(new(local, PeerOptions.PeerSendPort + index));
        sender.Connect(IPAddress.Parse(options.GuestAddress), PeerOptions.GuestEchoPort + index);
    }

    public void Start()
    {
        new Thread(ServeGuest) { IsBackground = true, Name = $"echo {index}" }.Start();
        new Thread(TakeReturns) { IsBackground = true, Name = $"returns {index}" }.Start();
    }

    public void SendNext()
    {
        if (!sends)
            return;
        ulong sequence;
        lock (gate)
            sequence = roundTrips.NextSequence;
        var atNs = MonotonicClock.NowNs;
        new Datagram(DatagramKind.Peer, (ushort)index, sequence, 0, (ulong)atNs).Write(outgoing);
        // Recorded before it leaves: the echo may be back before this thread runs again. One that the kernel refuses (no ARP answer
        // while the guest boots) counts as lost, which is what the guest's user would see.
        lock (gate)
            roundTrips.Sent(atNs);
        try
        {
            sender.Send(outgoing);
        }
        catch (SocketException) when (!closing)
        {
        }
    }

    public (ArrivalReport, RoundTripReport) Report(long nowNs)
    {
        lock (gate)
            return (arrivals.Report(), roundTrips.Report(nowNs));
    }

    public void Dispose()
    {
        closing = true;
        echo.Dispose();
        sender.Dispose();
    }

    static Socket Open(IPEndPoint local)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = ReceiveBufferBytes };
        socket.Bind(local);
        return socket;
    }

    void ServeGuest()
    {
        var buffer = new byte[2048];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (Receive(() => echo.ReceiveFrom(buffer, SocketFlags.None, from)) is { } length)
        {
            var atNs = MonotonicClock.NowNs;
            if (!Datagram.TryRead(buffer.AsSpan(0, length), out var datagram) || datagram.Kind != DatagramKind.Guest)
                continue;
            try
            {
                echo.SendTo(buffer.AsSpan(0, length), SocketFlags.None, from);
            }
            catch (SocketException) when (!closing)
            {
                // The echo is lost; the guest counts it.
            }
            lock (gate)
                arrivals.Observe(datagram, atNs);
            sends = true;
        }
    }

    void TakeReturns()
    {
        var buffer = new byte[2048];
        while (Receive(() => sender.Receive(buffer)) is { } length)
        {
            var atNs = MonotonicClock.NowNs;
            if (!Datagram.TryRead(buffer.AsSpan(0, length), out var datagram) || datagram.Kind != DatagramKind.Peer)
                continue;
            lock (gate)
                roundTrips.Returned(datagram.Sequence, atNs);
        }
    }

    /// <returns>Null when the flow is closed. Errors that a connected UDP socket reports for earlier sends (port unreachable while the guest boots) are passed over.</returns>
    int? Receive(Func<int> receive)
    {
        while (!closing)
        {
            try
            {
                return receive();
            }
            catch (SocketException) when (!closing)
            {
            }
            catch (Exception error) when (closing && error is SocketException or ObjectDisposedException)
            {
                return null;
            }
        }
        return null;
    }
}
