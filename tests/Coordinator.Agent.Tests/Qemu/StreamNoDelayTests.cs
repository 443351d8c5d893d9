using System.Net;
using System.Net.Sockets;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Qemu;

namespace Coordinator.Agent.Tests.Qemu;

public sealed class StreamNoDelayTests
{
    [Fact]
    public async Task Set_ChangesTheConnectionsToTheStreamAndNoOthers()
    {
        using QemuProcess self = Self();
        using TcpListener stream = Listening();
        using TcpListener other = Listening();
        using TcpClient toStream = await ConnectedAsync(stream);
        using TcpClient toOther = await ConnectedAsync(other);
        Assert.False(toStream.NoDelay);

        int set = StreamNoDelay.Set(self, $"tcp:{stream.LocalEndpoint}");

        Assert.Equal(1, set);
        Assert.True(toStream.NoDelay);
        Assert.False(toOther.NoDelay);

        // Borrowed and given back: the connection itself lives on.
        using TcpClient served = await stream.AcceptTcpClientAsync();
        await toStream.GetStream().WriteAsync("x"u8.ToArray());
        Assert.Equal(1, await served.GetStream().ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Set_OfAConnectionThatWasClosedSince_IsNoFailure()
    {
        using QemuProcess self = Self();
        using TcpListener stream = Listening();
        string uri = $"tcp:{stream.LocalEndpoint}";
        TcpConnection seen;
        using (await ConnectedAsync(stream))
        {
            seen = Assert.Single(TcpConnection.OfStream(Environment.ProcessId, uri));
        }

        Assert.False(StreamNoDelay.Set(self, uri, seen));
    }

    [Theory]
    [InlineData("tcp:127.0.0.1:1")]
    [InlineData("unix:/run/stream")]
    public void Set_WithoutSuchAConnection_FindsNone(string uri)
    {
        using QemuProcess self = Self();

        Assert.Equal(0, StreamNoDelay.Set(self, uri));
    }

    private static QemuProcess Self()
    {
        Assert.Equal(QemuPresence.Alive, QemuProcess.Attach(QemuProcessIdentity.OfPid(Environment.ProcessId)!, monitorPath: null, out QemuProcess? self));
        return self!;
    }

    private static TcpListener Listening()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static async Task<TcpClient> ConnectedAsync(TcpListener listener)
    {
        TcpClient client = new();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        return client;
    }
}
