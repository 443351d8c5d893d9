using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Tests.Support;
using Coordinator.Certificates.Verification;
using Coordinator.Contracts.Api;
using Coordinator.Lab;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Client = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Certificates.Tests.Links;

/// <summary>Files that change while the links are in use; nobody is restarted.</summary>
public sealed class ChangeTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task AgentLink_RevokedWhileConnected_EndsAndComesBackWithTheNextCertificate()
    {
        World world = new();
        try
        {
            await world.InitializeAsync();
            string revoked = TestAuthority.CertificateOf(world.Alpha).SerialNumber;

            world.Authority.Revoke(world.Alpha);

            await world.CoordinatorNotes.SayAsync("is ended: the certificate of agent 'alpha'", revoked, "revoked at");
            await world.ConnectedAsync("beta");
            await world.AlphaNotes.SayAsync("ended the link right after the TLS handshake, as one does that refuses the certificate of agent 'alpha'", revoked);

            world.Authority.Replace(world.Alpha, TestAuthority.Agent("alpha"));

            await world.ConnectedAsync("alpha", "beta");
            await world.AlphaNotes.SayAsync("The certificate files have changed", TestAuthority.CertificateOf(world.Alpha).SerialNumber);
        }
        finally
        {
            await world.DisposeAsync();
        }
    }

    [Fact]
    public async Task HandoffAndClient_RevokedWhileConnected_EndAndOthersGoOn()
    {
        World world = new();
        try
        {
            await world.InitializeAsync();
            string gamma = world.Authority.Issue(TestAuthority.Agent("gamma"));
            string eve = world.Authority.Issue(TestAuthority.Client("eve"));
            using LinkCertificates gammas = TestAuthority.Open(gamma, NullLogger.Instance);
            using LinkCertificates eves = TestAuthority.Open(eve, NullLogger.Instance);
            using LinkCertificates betas = TestAuthority.Open(world.Beta, NullLogger.Instance);
            using GrpcChannel channel = Handoff(world, gammas);
            using GrpcChannel others = Handoff(world, betas);
            using GrpcChannel client = world.Dial(eves);
            using AsyncDuplexStreamingCall<SourceFrame, DestinationFrame> revoked = await OpenAsync(channel);
            using AsyncDuplexStreamingCall<SourceFrame, DestinationFrame> kept = await OpenAsync(others);
            Assert.NotNull(await new Client(client).ListHostsAsync(new ListHostsRequest()));

            world.Authority.Revoke(gamma);
            world.Authority.Revoke(eve);

            await Assert.ThrowsAsync<RpcException>(() => revoked.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(s_limit));
            await world.AlphaNotes.SayAsync("is ended: the certificate of agent 'gamma'", "revoked at");
            await world.CoordinatorNotes.SayAsync("is ended: the certificate of client 'eve'", "revoked at");
            await Assert.ThrowsAsync<RpcException>(async () => await new Client(client).ListHostsAsync(new ListHostsRequest()));
            await kept.RequestStream.WriteAsync(new SourceFrame { Vm = "nobody", Attempt = 1, Refuse = new Refuse() });
            Assert.True(await kept.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(s_limit));
            await world.ConnectedAsync("alpha", "beta");
        }
        finally
        {
            await world.DisposeAsync();
        }
    }

    [Fact]
    public async Task NodeLink_RevokedAndRenewedWhileInUse_EndsAndComesBackWithoutARestart()
    {
        using TestAuthority authority = new();
        Notes notes = new();
        await using RemotingNode one = RemotingNode.Start(authority.Issue(TestAuthority.Node("one")), notes);
        await using RemotingNode two = RemotingNode.Start(authority.Issue(TestAuthority.Node("two")), new Notes());
        await using RemotingNode three = RemotingNode.Start(authority.Issue(TestAuthority.Node("three")), new Notes());
        Assert.Equal("a", await one.AskAsync(two, "a"));
        Assert.Equal("b", await one.AskAsync(three, "b"));

        authority.Revoke(two.Directory);

        await notes.SayAsync("is ended: the certificate of node 'two'", "revoked at");
        Assert.Equal("c", await one.AskAsync(three, "c"));

        authority.Replace(two.Directory, TestAuthority.Node("two"));

        Assert.Equal("d", await one.AskAsync(two, "d"));
        Assert.Equal("e", await two.AskAsync(one, "e"));
        Assert.Equal("f", await three.AskAsync(two, "f"));
    }

    /// <summary>More than fits into any buffer on the way: nothing is lost, changed or overtaken.</summary>
    [Fact]
    public async Task NodeLink_UnderLoad_KeepsEveryMessageInItsOrder()
    {
        const int Messages = 2_000;
        using TestAuthority authority = new();
        await using RemotingNode one = RemotingNode.Start(authority.Issue(TestAuthority.Node("one")), new Notes());
        await using RemotingNode two = RemotingNode.Start(authority.Issue(TestAuthority.Node("two")), new Notes());
        Assert.Equal("warm", await one.AskAsync(two, "warm"));

        IReadOnlyList<string> answers = await one.SendAllAsync(two, [.. Enumerable.Range(0, Messages).Select(i => $"{i} {new string('x', i % 50_000)}")]);

        Assert.Equal(Messages, answers.Count);
        Assert.All(answers.Index(), answer => Assert.StartsWith($"{answer.Index} ", answer.Item, StringComparison.Ordinal));
    }

    private static GrpcChannel Handoff(World world, LinkCertificates certificates) => GrpcChannel.ForAddress($"https://127.0.0.1:{world.HandoffPort("alpha")}", new GrpcChannelOptions
    {
        HttpHandler = OutgoingLink.Handler(certificates, to => $"the agent at {to.Host}:{to.Port}", _ => PeerExpectation.AgentOf("alpha"), TimeSpan.FromSeconds(5)),
        DisposeHttpClient = true,
    });

    private static async Task<AsyncDuplexStreamingCall<SourceFrame, DestinationFrame>> OpenAsync(GrpcChannel channel)
    {
        AsyncDuplexStreamingCall<SourceFrame, DestinationFrame> call = new Handoff.HandoffClient(channel).Open();
        await call.ResponseHeadersAsync.WaitAsync(s_limit);
        return call;
    }
}
