using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Processes;

/// <summary>
/// Starts QEMUs for an agent whose own processes end with it. A container's processes are killed with their control group, whatever PID namespace they are in, and a session of its own (<see
/// cref="DetachedProcess"/>) does not help: so QEMU is started by a second container that outlives the agent's, and the agent sees it because it joins that container's PID namespace.
/// It knows nothing of guests and decides nothing. Requests are served one after the other in the order of their connections, so an answer to a later one says that the earlier are settled: an agent
/// that starts asks for that first, because its predecessor may have died while a QEMU was being started.
/// </summary>
internal sealed class GuestKeeper : IDisposable
{
    private const int AlreadyInUse = 98;
    private const int Backlog = 1024;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly FileStream _ownership;
    private readonly IGuestStarter _guests;

    private GuestKeeper(FileStream ownership, IGuestStarter guests) => (_ownership, _guests) = (ownership, guests);

    /// <summary>Listens when it returns; only this user may connect.</summary>
    /// <param name="path">Of its socket.</param>
    /// <param name="guests">How a guest is started; null for what the agent would do itself.</param>
    /// <exception cref="IOException">Another keeper has the path, or it cannot be made.</exception>
    public static GuestKeeper Open(string path, IGuestStarter? guests = null)
    {
        PrivateDirectory.Ensure(Path.GetDirectoryName(path)!);
        GuestKeeper keeper = new(new FileStream($"{path}.owner", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0), guests ?? new DetachedGuests());
        try
        {
            // Ours alone now: what lies there was left by a keeper that is gone.
            File.Delete(path);
            keeper._listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            // Many hosts may share a keeper: a socket whose queue is full refuses at once.
            keeper._listener.Listen(Backlog);
            return keeper;
        }
        catch (SocketException e)
        {
            keeper.Dispose();
            throw new IOException($"the keeper's socket {path} cannot be made: {(e.NativeErrorCode == AlreadyInUse ? "it is in use" : e.Message)}", e);
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            using Socket agent = await _listener.AcceptAsync(stop);
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(KeeperMessages.Limit);
            try
            {
                if (await KeeperMessages.ReceiveAsync<KeeperRequest>(agent, limit.Token) is { } request)
                {
                    await ServeAsync(agent, request, limit.Token);
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException && !stop.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync($"keeper: an agent's request came to nothing: {e.Message}");
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _ownership.Dispose();
    }

    private async Task ServeAsync(Socket agent, KeeperRequest request, CancellationToken cancellation)
    {
        if (request.Command is [])
        {
            await KeeperMessages.SendAsync(agent, new KeeperAnswer(0, null), cancellation);
            return;
        }

        SafeFileHandle? process = null;
        string? made = null;
        try
        {
            using FileStream log = QemuLog.Create(request.Output);
            // Kept open until the agent has connected to it, so that it can in any case: a QEMU that ends at once is then the end of that connection.
            using SafeFileHandle listener = MonitorListener.Listen(request.Monitor);
            made = request.Monitor;
            int pid = _guests.Start(request, log.SafeFileHandle, listener);
            process = LinuxProcessCalls.OpenPidFd(pid) ?? throw new IOException("the program was gone at once: the keeper must not ignore SIGCHLD");
            await KeeperMessages.SendAsync(agent, new KeeperAnswer(pid, null), cancellation);
            byte[] taken = new byte[1];
            if (await agent.ReceiveAsync(taken, cancellation) == 0 || taken[0] != KeeperMessages.Taken)
            {
                throw new IOException("the agent was gone before it had the process");
            }
        }
        catch (Exception e) when (process is null && e is IOException or UnauthorizedAccessException)
        {
            MonitorListener.Remove(made);
            await KeeperMessages.SendAsync(agent, new KeeperAnswer(0, e.Message), cancellation);
        }
        catch when (process is not null)
        {
            // Nobody would ever look after it.
            LinuxProcessCalls.SendSignal(process, LinuxProcessCalls.SigKill);
            MonitorListener.Remove(made);
            await ProcessExitWatch.Shared.Exited(process);
            throw;
        }
        finally
        {
            // Not before: a child that is not reaped keeps its number, dead or alive, until the agent has its descriptor. The watch keeps its own hold on the descriptor.
            _ = process is null ? null : ProcessExitWatch.Shared.Exited(process);
            process?.Dispose();
        }
    }
}
