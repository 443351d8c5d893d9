using Coordinator.Lab.Evidence;
using Coordinator.Lab.Network;
using Coordinator.Lab.Processes;
using Coordinator.LabPeer;

namespace Coordinator.Lab.Tests;

public sealed class PeerProcessTests
{
    [Fact]
    public async Task Report_WithoutAGuest_HasEveryFlowAndNothingSent()
    {
        await using var network = await LabNetwork.Create();
        await using var peer = await PeerProcess.Start(network, new(LabNetwork.PeerAddress, LabNetwork.GuestAddress(), Flows: 2));

        var report = await peer.Report();

        Assert.Equal([0, 1], report.FromGuest.Select(flow => flow.Flow));
        Assert.All(report.RoundTrips, flow => Assert.Equal(0, flow.Sent));
    }

    [Fact]
    public async Task Report_SendingToNobody_CountsAsNotReturned()
    {
        await using var network = await LabNetwork.Create();
        var options = new PeerOptions(LabNetwork.PeerAddress, LabNetwork.GuestAddress(), Flows: 1, DatagramsPerSec: 1000, AwaitGuest: false);
        await using var peer = await PeerProcess.Start(network, options);

        var flow = await Eventually.Becomes(
            async () => (await peer.Report()).RoundTrips[0] is { Sent: > 100 } sending ? sending : null, TimeSpan.FromSeconds(20), "100 datagrams");

        Assert.Equal((0, flow.Sent), (flow.Returned, flow.Lost + flow.Outstanding));
    }

    [Fact]
    public async Task Start_AddressThatTheLabHasNot_SaysWhy()
    {
        await using var network = await LabNetwork.Create();

        var error = await Assert.ThrowsAsync<LabFailure>(() => PeerProcess.Start(network, new("10.99.0.1", LabNetwork.GuestAddress(), Flows: 1)));

        Assert.Contains("assign requested address", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndOfInput_EndsThePeer()
    {
        await using var network = await LabNetwork.Create();
        var start = network.Inside("sh", "-c", "exec \"$0\" \"$@\" </dev/null >/dev/null", "dotnet", typeof(PeerOptions).Assembly.Location,
            $$"""{"peerAddress":"{{LabNetwork.PeerAddress}}","guestAddress":"{{LabNetwork.GuestAddress()}}","flows":1}""");
        using var process = ExternalCommand.Begin(start);

        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(0, process.ExitCode);
    }
}
