using System.Net;
using System.Net.Sockets;
using Coordinator.Agent.Configuration;

namespace Coordinator.Agent.Qemu;

/// <summary>
/// Ports for arriving migrations. A port is tried here before QEMU gets it, because QEMU 10 accepts no second <c>migrate-incoming</c> after a failed bind ("Illegal migration
/// incoming state: setup", measured on 10.0.2); one that is given out is kept from other guests of this agent until it is given back.
/// </summary>
internal sealed class StreamPorts(MigrationStreamEndpoint endpoint)
{
    private readonly Lock _gate = new();
    private readonly HashSet<int> _given = [];
    private int _start = Environment.ProcessId;

    /// <summary>0 where the kernel may choose; null when every port of the range is taken.</summary>
    public int? Take()
    {
        if (endpoint.Ports.IsAny)
        {
            return 0;
        }

        lock (_gate)
        {
            foreach (int port in endpoint.Ports.InTurn(_start++))
            {
                if (!_given.Contains(port) && IsFree(port))
                {
                    _given.Add(port);
                    return port;
                }
            }
        }

        return null;
    }

    public void GiveBack(int port)
    {
        lock (_gate)
        {
            _given.Remove(port);
        }
    }

    public string ListenUri(int port) => $"tcp:{new HostAddress(endpoint.Listen.ToString()).InUri}:{port}";

    public string AdvertisedUri(int port) => $"tcp:{endpoint.Advertise.InUri}:{port}";

    public string Range => $"{endpoint.Listen} ports {endpoint.Ports}";

    private bool IsFree(int port)
    {
        try
        {
            using Socket socket = new(endpoint.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(endpoint.Listen, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
