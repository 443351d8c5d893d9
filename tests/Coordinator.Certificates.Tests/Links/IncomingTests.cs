using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Tests.Support;
using Coordinator.Contracts.Api;
using Grpc.Core;
using Grpc.Net.Client;
using Client = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Certificates.Tests.Links;

/// <summary>Each of the four links, dialled with what must not be let in. Who refuses names it, the other side is told what TLS allows, and everybody else goes on.</summary>
public sealed class IncomingTests(World world) : IClassFixture<World>
{
    public static TheoryData<BadCertificate> All => [.. Enum.GetValues<BadCertificate>()];

    /// <summary>Nobody knows who has to be there: a client is any client, and a node may have any name.</summary>
    public static TheoryData<BadCertificate> AllButSwapped => [.. Enum.GetValues<BadCertificate>().Where(bad => bad != BadCertificate.Swapped)];

    [Theory]
    [MemberData(nameof(All))]
    public Task AgentToCoordinator_WithABadCertificate_IsRefusedByName(BadCertificate bad) => RefusedAsync(
        bad, TestAuthority.Agent("gamma"), world.GrpcPort, world.CoordinatorNotes, async channel =>
        {
            using AsyncDuplexStreamingCall<AgentMessage, CoordinatorMessage> call = new AgentGateway.AgentGatewayClient(channel).Connect();
            await call.RequestStream.WriteAsync(new AgentMessage { Hello = new Hello { Host = "gamma" } });
            await call.ResponseStream.MoveNext(CancellationToken.None);
        });

    [Theory]
    [MemberData(nameof(All))]
    public Task AgentToAgent_WithABadCertificate_IsRefusedByName(BadCertificate bad) => bad == BadCertificate.Swapped
        ? Task.CompletedTask // Judged by the attempt: Coordinator.Agent.Tests, CertificateTests.
        : RefusedAsync(bad, TestAuthority.Agent("gamma"), world.HandoffPort("alpha"), world.AlphaNotes, async channel =>
        {
            using AsyncDuplexStreamingCall<SourceFrame, DestinationFrame> call = new Handoff.HandoffClient(channel).Open();
            await call.ResponseStream.MoveNext(CancellationToken.None);
        });

    [Theory]
    [MemberData(nameof(AllButSwapped))]
    public Task ClientToCoordinator_WithABadCertificate_IsRefusedByName(BadCertificate bad) => RefusedAsync(
        bad, TestAuthority.Client("eve"), world.GrpcPort, world.CoordinatorNotes, async channel => await new Client(channel).ListHostsAsync(new ListHostsRequest()));

    [Theory]
    [MemberData(nameof(AllButSwapped))]
    public async Task NodeToNode_WithABadCertificate_IsRefusedByName(BadCertificate bad)
    {
        string? directory = world.Authority.Bad(bad, TestAuthority.Node("two"));
        world.Reread();

        await (bad == BadCertificate.PlainTcp ? Intruder.ShoutAsync(world.ClusterPort) : Intruder.KnockAsync(world.ClusterPort, directory));

        await world.CoordinatorNotes.SayAsync("to the coordinators' port", TestAuthority.ReasonOf(bad, TestAuthority.Node("two")), SerialIn(directory));
        await world.ConnectedAsync("alpha", "beta");
    }

    private async Task RefusedAsync(BadCertificate bad, PartyIdentity identity, int port, Notes refusing, Func<GrpcChannel, Task> call)
    {
        string? directory = world.Authority.Bad(bad, identity);
        world.Reread();
        if (bad == BadCertificate.PlainTcp)
        {
            await Intruder.ShoutAsync(port);
        }
        else
        {
            using GrpcChannel channel = Intruder.Channel(port, directory);
            Exception failure = await Assert.ThrowsAnyAsync<Exception>(() => call(channel));
            if (bad is BadCertificate.WrongRole or BadCertificate.Swapped)
            {
                RpcException refused = Assert.IsType<RpcException>(failure);
                Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
                Assert.Contains(TestAuthority.ReasonOf(bad, identity), refused.Status.Detail, StringComparison.Ordinal);
            }
        }

        await refusing.SayAsync("Refused ", TestAuthority.ReasonOf(bad, identity), SerialIn(directory));
        await world.ConnectedAsync("alpha", "beta");
    }

    private static string SerialIn(string? directory) => directory is null ? "" : TestAuthority.CertificateOf(directory).SerialNumber;
}
