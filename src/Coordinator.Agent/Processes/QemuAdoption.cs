using System.Globalization;
using System.Net.Sockets;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Simulated;

namespace Coordinator.Agent.Processes;

/// <summary>A running QEMU cannot be taken over; the sentence says what to do.</summary>
public sealed class QemuAdoptionException(string sentence, Exception? inner = null) : Exception(sentence, inner);

/// <summary>
/// Finds out which process is behind a monitor that somebody else made. A wrong answer would later "prove" a running guest gone, so doubt is an
/// error.
/// </summary>
public static class QemuAdoption
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    /// <summary>A free monitor greets within milliseconds.</summary>
    private static readonly TimeSpan GreetingLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BetweenConnects = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Connects for a moment, to ask the kernel who listens. QEMU calls listen() itself, on a socket that was handed to it too (measured on 7.2.22),
    /// so the answer is QEMU and not who launched it.
    /// Waits for the greeting before it lets go: QEMU's backlog holds one connection, and one that was never accepted would keep the QMP client out.
    /// </summary>
    /// <exception cref="QemuAdoptionException">Nobody listens, the listener is not QEMU, or somebody else holds the monitor.</exception>
    public static Task<QemuProcessIdentity> IdentifyAsync(AdoptedMonitor monitor, CancellationToken cancellation = default) =>
        IdentifyAsync(monitor, GreetingLimit, cancellation);

    internal static async Task<QemuProcessIdentity> IdentifyAsync(AdoptedMonitor monitor, TimeSpan greetingLimit, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(greetingLimit);
        try
        {
            await ConnectAsync(socket, monitor.QmpSocket, limit.Token);
            var identity = Identify(socket, monitor);
            return await socket.ReceiveAsync(new byte[1], SocketFlags.Peek, limit.Token) > 0
                ? identity
                : throw new QemuAdoptionException($"{monitor.QmpSocket} closed the connection at once; is it a QMP socket?");
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new QemuAdoptionException($"no QEMU answers at {monitor.QmpSocket}: {e.Message}. Check adopt.qmpSocket, and that QEMU runs with -qmp "
                + $"unix:{monitor.QmpSocket},server=on,wait=off.", e);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new QemuAdoptionException($"{monitor.QmpSocket} gave no greeting within {greetingLimit.TotalSeconds:0.#} s: another program is connected to "
                + "this monitor, or QEMU hangs. End the other program; the agent must own the monitor.");
        }
    }

    // A unix socket whose backlog is full answers EAGAIN at once, and tells nobody when there is room.
    private static async Task ConnectAsync(Socket socket, string path, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                await Task.Delay(BetweenConnects, cancellation);
            }
        }
    }

    /// <summary>The same for a connection that exists already.</summary>
    public static QemuProcessIdentity Identify(Socket connection, AdoptedMonitor monitor)
    {
        Span<byte> credentials = stackalloc byte[12];
        connection.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        var listener = BitConverter.ToInt32(credentials);
        var pid = monitor.PidFile is null ? RequireQemu(listener, monitor) : RequireAgreement(listener, PidIn(monitor.PidFile), monitor);
        return QemuProcessIdentity.OfPid(pid) ?? throw new QemuAdoptionException($"process {pid} behind {monitor.QmpSocket} ended just now.");
    }

    private static int RequireQemu(int listener, AdoptedMonitor monitor) => listener <= 0
        ? throw new QemuAdoptionException(
            $"the process behind {monitor.QmpSocket} is not visible from here (another PID namespace); run the agent in the same one.")
        : IsQemu(listener)
            ? listener
            : throw new QemuAdoptionException($"{monitor.QmpSocket} is served by process {listener} ({ProcessTable.Program(listener) ?? "of another user"}), "
                + "which is not QEMU; give QEMU's own -pidfile as adopt.pidFile.");

    private static int RequireAgreement(int listener, int recorded, AdoptedMonitor monitor) => listener == recorded || (IsQemu(recorded) && !IsQemu(listener))
        ? recorded
        : throw new QemuAdoptionException($"{monitor.PidFile} names process {recorded}, but {monitor.QmpSocket} is served by process {listener}; one of the "
            + "two belongs to another QEMU.");

    private static bool IsQemu(int pid) => pid > 0 && (ProcessTable.Program(pid)?.Contains("qemu", StringComparison.OrdinalIgnoreCase) == true
        || ProcessTable.Arguments(pid).Contains(SimulatedProgram.Word, StringComparer.Ordinal));

    private static int PidIn(string pidFile)
    {
        try
        {
            return int.TryParse(File.ReadAllText(pidFile).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 1
                ? pid
                : throw new QemuAdoptionException($"{pidFile} does not hold a process number; check adopt.pidFile.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new QemuAdoptionException($"adopt.pidFile cannot be read: {e.Message}", e);
        }
    }
}
