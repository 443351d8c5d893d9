using System.Net.Sockets;
using Coordinator.Agent.Definitions;

namespace Coordinator.Agent.Processes;

/// <summary>An agent's way to the <see cref="GuestKeeper"/> of its host.</summary>
/// <param name="path">Of the keeper's socket.</param>
internal sealed class KeeperDoor(string path)
{
    /// <summary>Returns when nothing that an earlier life of this agent asked for is still being carried out.</summary>
    /// <exception cref="IOException">The keeper does not answer.</exception>
    public async Task SettleAsync(CancellationToken cancellation = default)
    {
        using CancellationTokenSource limit = Limit(cancellation);
        using Socket keeper = await ConnectAsync(limit.Token);
        await AskAsync(keeper, KeeperRequest.Nothing, limit.Token);
    }

    /// <summary>As <see cref="DetachedProcess"/> does, but a child of the keeper's.</summary>
    /// <returns>The process, and a connection to its monitor.</returns>
    /// <exception cref="IOException">Nothing was started, or what was started is ended again.</exception>
    public async Task<(QemuProcess Process, Socket Monitor)> StartAsync(QemuCommandLine line, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = Limit(cancellation);
        using Socket keeper = await ConnectAsync(limit.Token);
        KeeperAnswer answer = await AskAsync(keeper, new KeeperRequest([line.Binary, .. line.Arguments], line.LogPath, line.QmpSocketPath), limit.Token);
        Socket monitor = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        QemuProcess? process = null;
        try
        {
            process = QemuProcess.OfChild(answer.Pid, line.QmpSocketPath)
                ?? throw new IOException($"process {answer.Pid} of the keeper at {path} is not to be seen here: the agent must be in the keeper's PID namespace");
            await monitor.ConnectAsync(new UnixDomainSocketEndPoint(line.QmpSocketPath), limit.Token);
            await keeper.SendAsync(new[] { KeeperMessages.Taken }, limit.Token);
            return (process, monitor);
        }
        catch
        {
            monitor.Dispose();
            process?.Dispose();
            throw;
        }
    }

    private static CancellationTokenSource Limit(CancellationToken cancellation)
    {
        CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(KeeperMessages.Limit);
        return limit;
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        Socket keeper = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await keeper.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return keeper;
        }
        catch (Exception e)
        {
            keeper.Dispose();
            throw e is SocketException ? new IOException($"the keeper at {path} (qemu.keeper) cannot be reached: {e.Message}", e) : e;
        }
    }

    private async Task<KeeperAnswer> AskAsync(Socket keeper, KeeperRequest request, CancellationToken cancellation)
    {
        try
        {
            await KeeperMessages.SendAsync(keeper, request, cancellation);
            KeeperAnswer answer = await KeeperMessages.ReceiveAsync<KeeperAnswer>(keeper, cancellation) ?? throw new IOException($"the keeper at {path} ended in mid-request");
            return answer.Refused is { } why ? throw new IOException(why) : answer;
        }
        catch (Exception e) when (e is SocketException)
        {
            throw new IOException($"the keeper at {path}: {e.Message}", e);
        }
    }
}
