using System.Net;
using System.Net.Sockets;
using Coordinator.Agent.Qemu;

namespace Coordinator.Agent.Tests.Qemu;

public sealed class StreamBreakerTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Break_EndsTheConnectionsToTheStreamAndNoOthers(string address)
    {
        using TcpListener stream = Listening(address);
        using TcpListener other = Listening(address);
        using TcpClient toStream = await ConnectedAsync(stream);
        using TcpClient toOther = await ConnectedAsync(other);
        using TcpClient served = await other.AcceptTcpClientAsync();
        int port = ((IPEndPoint)stream.LocalEndpoint).Port;

        int broken = StreamBreaker.Break(Environment.ProcessId, $"tcp:{address}:{port}");

        Assert.Equal(1, broken);
        await Assert.ThrowsAnyAsync<IOException>(async () => await toStream.GetStream().ReadExactlyAsync(new byte[1]));
        await toOther.GetStream().WriteAsync("x"u8.ToArray());
        Assert.Equal(1, await served.GetStream().ReadAsync(new byte[1]));
    }

    [Fact]
    public void Break_WithoutSuchAConnection_FindsNone() => Assert.Equal(0, StreamBreaker.Break(Environment.ProcessId, "tcp:127.0.0.1:1"));

    private static TcpListener Listening(string address)
    {
        TcpListener listener = new(IPAddress.Parse(address), 0);
        listener.Start();
        return listener;
    }

    private static async Task<TcpClient> ConnectedAsync(TcpListener listener)
    {
        IPEndPoint to = (IPEndPoint)listener.LocalEndpoint;
        TcpClient client = new(to.AddressFamily);
        await client.ConnectAsync(to);
        return client;
    }
}
