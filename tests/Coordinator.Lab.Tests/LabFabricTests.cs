using System.Net;
using System.Net.Sockets;
using System.Text;
using Coordinator.Lab.Deployments;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;

namespace Coordinator.Lab.Tests;

public sealed class LabFabricTests
{
    private const int Port = 7000;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    /// <summary>A lost datagram is told from a late one by the next one on the same way, which cannot overtake it.</summary>
    [Fact]
    public async Task Cut_LosesInSilenceWhatIsSentBetweenTheSides_AndNothingElse()
    {
        await using var fabric = await LabFabric.Create([("a", 0), ("b", 0), ("c", 0)]);
        var (a, b, c) = (fabric["a"], fabric["b"], fabric["c"]);
        using Socket ofA = Bound(a), ofB = Bound(b), ofC = Bound(c);
        await PassesAsync(ofA, ofB, b, "first");
        await PassesAsync(ofB, ofA, a, "first");

        await fabric.Cut([a], [b]);
        await SendAsync(ofA, b, "lost");
        await SendAsync(ofB, a, "lost");
        await PassesAsync(ofA, ofC, c, "beside the cut");
        await PassesAsync(ofC, ofB, b, "beside the cut");
        await fabric.Heal();
        await PassesAsync(ofA, ofB, b, "healed");
        await PassesAsync(ofB, ofA, a, "healed");

        await fabric.CutOneWay(a, b);
        await SendAsync(ofA, b, "lost");
        await PassesAsync(ofB, ofA, a, "the other way");
        await fabric.Heal();
        await PassesAsync(ofA, ofB, b, "healed again");
    }

    [Fact]
    public async Task Create_MachineWithTaps_HasThemOnItsBridge_AndDisposeLeavesNothing()
    {
        string[] names;
        await using (var fabric = await LabFabric.Create([("a", 2), ("b", 0)]))
        {
            names = [.. fabric.Machines.Select(machine => machine.Space.Name)];
            string links = await fabric["a"].Space.Ip("-o", "link", "show", "master", LabNetwork.Bridge);
            Assert.All(["tap0", "tap1", "uplink"], link => Assert.Contains($" {link}", links, StringComparison.Ordinal));
            Assert.Empty(fabric["b"].Taps);
        }

        string left = await ExternalCommand.Run("ip", ["netns", "list"]);
        Assert.All(names, name => Assert.DoesNotContain(name, left, StringComparison.Ordinal));
    }

    private static Socket Bound(LabMachine machine)
    {
        var socket = NamespaceSocket.Udp(machine.Space.Name);
        socket.Bind(new IPEndPoint(IPAddress.Any, Port));
        return socket;
    }

    private static async Task SendAsync(Socket from, LabMachine to, string text) =>
        await from.SendToAsync(Encoding.UTF8.GetBytes(text), new IPEndPoint(IPAddress.Parse(to.Address), Port));

    private static async Task PassesAsync(Socket from, Socket to, LabMachine at, string text)
    {
        await SendAsync(from, at, text);
        var buffer = new byte[64];
        using CancellationTokenSource limit = new(s_limit);
        Assert.Equal(text, Encoding.UTF8.GetString(buffer, 0, await to.ReceiveAsync(buffer, limit.Token)));
    }
}
