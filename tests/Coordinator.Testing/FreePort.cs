using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Coordinator.Testing;

/// <summary>
/// A port of loopback for a server that must come back on it. Below the range from which Linux takes ports for connections and for listeners on port 0 (ip_local_port_range, 32768 and up): one of those
/// was taken by another process while its server was being restarted (seen in CI).
/// </summary>
public static class FreePort
{
    private const int Lowest = 20_000;
    private const int Beyond = 32_768;

    private static readonly ConcurrentDictionary<int, bool> s_given = new();

    /// <returns>Never the same one twice in this process.</returns>
    public static int Next()
    {
        while (true)
        {
            int port = Random.Shared.Next(Lowest, Beyond);
            if (s_given.TryAdd(port, true) && IsFree(port))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using TcpListener listener = new(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
