using System.Net;
using System.Net.Sockets;

namespace Coordinator.Agent.Tests.Support;

/// <summary>A network between two QEMUs that can be slow, and can stand still without breaking.</summary>
internal sealed class StreamRelay : IAsyncDisposable
{
    private const int BlockBytes = 64 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _destinationPort;
    private readonly int _bytesPerSec;
    private readonly Task _running;
    private volatile bool _standsStill;

    public StreamRelay(string destinationUri, int bytesPerSec)
    {
        _destinationPort = int.Parse(destinationUri.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
        _bytesPerSec = bytesPerSec;
        _listener.Start();
        _running = RunAsync();
    }

    public string Uri => $"tcp:127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public void StandStill() => _standsStill = true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using TcpClient source = await _listener.AcceptTcpClientAsync(_stop.Token);
        using TcpClient destination = new();
        await destination.ConnectAsync(IPAddress.Loopback, _destinationPort, _stop.Token);
        source.ReceiveBufferSize = BlockBytes;
        await Task.WhenAll(PumpAsync(source.GetStream(), destination.GetStream()), PumpAsync(destination.GetStream(), source.GetStream()));
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to)
    {
        byte[] block = new byte[BlockBytes];
        using PeriodicTimer pace = new(TimeSpan.FromSeconds((double)BlockBytes / _bytesPerSec));
        while (await pace.WaitForNextTickAsync(_stop.Token))
        {
            if (_standsStill)
            {
                continue;
            }

            int length = await from.ReadAsync(block, _stop.Token);
            if (length == 0)
            {
                to.Socket.Shutdown(SocketShutdown.Send);
                return;
            }

            await to.WriteAsync(block.AsMemory(0, length), _stop.Token);
        }
    }
}
