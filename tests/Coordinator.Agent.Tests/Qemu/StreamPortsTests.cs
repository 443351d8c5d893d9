using System.Net;
using System.Net.Sockets;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Qemu;

namespace Coordinator.Agent.Tests.Qemu;

public sealed class StreamPortsTests
{
    [Fact]
    public void Take_OfARange_GivesEachPortOnceAndNotThoseOfOthers()
    {
        (int first, TcpListener taken) = FreeRangeWithItsSecondPortTaken();
        using (taken)
        {
            StreamPorts ports = new(new MigrationStreamEndpoint(IPAddress.Loopback, new PortRange(first, first + 2), new HostAddress("host-b.example")));

            int?[] given = [ports.Take(), ports.Take(), ports.Take()];

            Assert.Equal([first, first + 2], given.OfType<int>().Order());
            Assert.Contains(null, given);
            ports.GiveBack(first);
            Assert.Equal(first, ports.Take());
            Assert.Equal($"tcp:127.0.0.1:{first}", ports.ListenUri(first));
            Assert.Equal($"tcp:host-b.example:{first}", ports.AdvertisedUri(first));
        }
    }

    [Fact]
    public void Take_OfAnyPort_LeavesTheChoiceToTheKernel()
    {
        StreamPorts ports = new(new MigrationStreamEndpoint(IPAddress.IPv6Loopback, PortRange.Any, new HostAddress("::1")));

        Assert.Equal(0, ports.Take());
        Assert.Equal("tcp:[::1]:0", ports.ListenUri(0));
    }

    private static (int First, TcpListener Taken) FreeRangeWithItsSecondPortTaken()
    {
        while (true)
        {
            TcpListener second = new(IPAddress.Loopback, 0);
            second.Start();
            int port = ((IPEndPoint)second.LocalEndpoint).Port;
            if (IsFree(port - 1) && IsFree(port + 1))
            {
                return (port - 1, second);
            }

            second.Stop();
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener probe = new(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
