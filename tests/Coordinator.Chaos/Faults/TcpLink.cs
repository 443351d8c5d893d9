using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Coordinator.Lab.Deployments;

namespace Coordinator.Chaos.Faults;

/// <summary>One direction of dialling between two parts, through this process: as good as a wire until a mode is set.</summary>
internal sealed class TcpLink : IAsyncDisposable
{
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _listeners = [];
    private readonly IReadOnlyList<(IPEndPoint Listen, IPEndPoint To)> _ways;
    private readonly ConcurrentDictionary<Socket, bool> _open = new();
    private readonly string _networkNamespace;
    private volatile Setting _setting = new(LinkMode.Pass);

    /// <param name="networkNamespace">Of both ends.</param>
    /// <param name="ways">Where to listen, and where what is accepted there leads.</param>
    public TcpLink(string networkNamespace, IEnumerable<(IPEndPoint Listen, IPEndPoint To)> ways)
    {
        _networkNamespace = networkNamespace;
        _ways = [.. ways];
        Listen();
    }

    public LinkMode Mode
    {
        get => _setting.Mode;
        set
        {
            Setting before = _setting;
            _setting = new Setting(value);
            before.Over.TrySetResult();
            if (value == LinkMode.Cut || before.Mode == LinkMode.Swallowing)
            {
                CloseAll();
            }
        }
    }

    /// <summary>Accepts what is dialled, as after its making.</summary>
    public void Listen()
    {
        if (_listeners.Count > 0)
        {
            return;
        }

        foreach ((IPEndPoint listen, IPEndPoint to) in _ways)
        {
            Socket listener = NamespaceSocket.Tcp(_networkNamespace);
            _listeners.Add(listener);
            listener.Bind(listen);
            listener.Listen();
            _ = AcceptAsync(listener, to);
        }
    }

    /// <summary>Dialling is refused, as where nobody listens; open connections stay. A relay that accepts before it has dialled on would show a peer that is not there.</summary>
    public void Refuse()
    {
        _listeners.ForEach(listener => listener.Dispose());
        _listeners.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Refuse();
        CloseAll();
        _stop.Dispose();
    }

    private void CloseAll()
    {
        foreach (Socket socket in _open.Keys)
        {
            // A reset and not an orderly end: what was sent and not read is lost, as with a cut wire.
            socket.Close(timeout: 0);
        }
    }

    private async Task AcceptAsync(Socket listener, IPEndPoint to)
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await listener.AcceptAsync(_stop.Token), to);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The link is taken down.
        }
    }

    private async Task RelayAsync(Socket from, IPEndPoint to)
    {
        using Socket dialling = from;
        if (_setting.Mode == LinkMode.Cut)
        {
            return;
        }

        using Socket dialled = NamespaceSocket.Tcp(_networkNamespace);
        _open[dialling] = _open[dialled] = true;
        try
        {
            dialling.NoDelay = true;
            await dialled.ConnectAsync(to, _stop.Token);
            await Task.WhenAll(PassAsync(dialling, dialled, isThere: true), PassAsync(dialled, dialling, isThere: false));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One side is gone; closing both shows it to the other.
        }
        finally
        {
            _open.TryRemove(dialling, out _);
            _open.TryRemove(dialled, out _);
        }
    }

    private async Task PassAsync(Socket from, Socket to, bool isThere)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            while (true)
            {
                int read = await from.ReceiveAsync(buffer, _stop.Token);
                Setting setting = _setting;
                while (setting.Mode == LinkMode.Frozen || (setting.Mode == LinkMode.OneWay && !isThere))
                {
                    await setting.Over.Task.WaitAsync(_stop.Token);
                    setting = _setting;
                }

                if (read == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }

                if (setting.Mode == LinkMode.Delayed)
                {
                    await Task.WhenAny(setting.Over.Task, Eventually.Lasts(s_delay, _stop.Token));
                }

                for (int sent = 0; sent < read && setting.Mode != LinkMode.Swallowing;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _stop.Token);
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            from.Close();
            to.Close();
        }
    }

    private sealed record Setting(LinkMode Mode)
    {
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
