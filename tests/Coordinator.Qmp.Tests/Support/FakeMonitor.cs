using System.Net;
using System.Net.Sockets;

namespace Coordinator.Qmp.Tests.Support;

/// <summary>A peer on a Unix socket that says and hears exactly what the test scripts.</summary>
sealed class FakeMonitor : IAsyncDisposable
{
    readonly ScratchDirectory _directory = new();
    readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    readonly List<IAsyncDisposable> _opened = [];

    public FakeMonitor()
    {
        Endpoint = QmpEndpoint.Unix(_directory.File("qmp.sock"));
        _listener.Bind(new UnixDomainSocketEndPoint(Endpoint.Path!));
        _listener.Listen(8);
    }

    public QmpEndpoint Endpoint { get; }

    public async Task<FakePeer> AcceptAsync()
    {
        var peer = new FakePeer(await _listener.AcceptAsync().InTime());
        _opened.Add(peer);
        return peer;
    }

    /// <summary>Both ends of a connection that has greeted and negotiated.</summary>
    public async Task<(QmpConnection Connection, FakePeer Peer)> ConnectAsync(QmpOptions? options = null, bool offersOutOfBand = true)
    {
        var connecting = QmpConnection.ConnectAsync(Endpoint, options ?? QmpOptions.Default);
        var peer = await AcceptAsync();
        await peer.NegotiateAsync(offersOutOfBand);
        var connection = await connecting.InTime();
        _opened.Add(connection);
        return (connection, peer);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in _opened)
            await opened.DisposeAsync();
        _listener.Dispose();
        _directory.Dispose();
    }
}
