using Akka.Actor;
using Coordinator.Agent.Coordinators;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Tests.Support;
using Coordinator.Certificates.Verification;
using Coordinator.Cli;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Certificates.Tests.Links;

/// <summary>Each of the four links, dialling somebody who is not whom it looks for.</summary>
public sealed class OutgoingTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly Notes _notes = new();

    /// <summary>Who is dialled without a certificate speaks no TLS: TLS has no server without one.</summary>
    public static TheoryData<BadCertificate> All => [.. Enum.GetValues<BadCertificate>().Where(bad => bad != BadCertificate.None)];

    public void Dispose() => _authority.Dispose();

    [Theory]
    [MemberData(nameof(All))]
    public async Task AgentToCoordinator_FindsAnImpostor_RefusesItByName(BadCertificate bad)
    {
        string? directory = _authority.Bad(bad, TestAuthority.Node("one"));
        using LinkCertificates alpha = TestAuthority.Open(_authority.Issue(TestAuthority.Agent("alpha")), NullLogger.Instance);
        using Impostor impostor = Impostor.With(directory);
        using LoggerFactory loggers = new([_notes]);
        await using CoordinatorLink link = new([new Uri($"https://127.0.0.1:{impostor.Port}")], () => new Hello { Host = "alpha" }, () => new HostStatus(), alpha, loggers.CreateLogger<CoordinatorLink>());

        link.Start();

        await _notes.SayAsync($"the coordinator at 127.0.0.1:{impostor.Port}", TestAuthority.ReasonOf(bad, TestAuthority.Node("one")), SerialIn(directory));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AgentToAgent_FindsAnImpostor_RefusesItByName(BadCertificate bad)
    {
        string? directory = _authority.Bad(bad, TestAuthority.Agent("beta"));
        using LinkCertificates alpha = TestAuthority.Open(_authority.Issue(TestAuthority.Agent("alpha")), _notes);
        using Impostor impostor = Impostor.With(directory);
        using GrpcChannel channel = GrpcChannel.ForAddress($"https://127.0.0.1:{impostor.Port}", new GrpcChannelOptions
        {
            HttpHandler = OutgoingLink.Handler(alpha, to => $"the agent at {to.Host}:{to.Port}", _ => PeerExpectation.AgentOf("beta"), TimeSpan.FromSeconds(5)),
            DisposeHttpClient = true,
        });

        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await new Handoff.HandoffClient(channel).Open().ResponseHeadersAsync);

        string sentence = PeerRefusedException.In(refused) ?? "";
        Assert.Contains($"the agent at 127.0.0.1:{impostor.Port}", sentence, StringComparison.Ordinal);
        Assert.Contains(TestAuthority.ReasonOf(bad, TestAuthority.Agent("beta")), sentence, StringComparison.Ordinal);
        Assert.Contains(SerialIn(directory), sentence, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ClientToCoordinator_FindsAnImpostor_RefusesItByName(BadCertificate bad)
    {
        string? directory = _authority.Bad(bad, TestAuthority.Node("one"));
        using Impostor impostor = Impostor.With(directory);
        using StringWriter output = new();
        using StringWriter error = new();
        CliContext context = new() { Out = CliContext.WithoutTerminal(output), Error = error, IsTerminal = false };

        int code = await Coordctl.Run(["get", "hosts", "--tls", _authority.Issue(TestAuthority.Client("ann")), "--server", $"https://127.0.0.1:{impostor.Port}"], context, CancellationToken.None);

        Assert.Equal(5, code);
        Assert.Contains(TestAuthority.ReasonOf(bad, TestAuthority.Node("one")), error.ToString(), StringComparison.Ordinal);
        Assert.Contains(SerialIn(directory), error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task NodeToNode_FindsAnImpostor_RefusesItByNameAndGoesOn(BadCertificate bad)
    {
        string? directory = _authority.Bad(bad, TestAuthority.Node("two"));
        using Impostor impostor = Impostor.With(directory);
        await using RemotingNode one = RemotingNode.Start(_authority.Issue(TestAuthority.Node("one")), _notes);
        await using RemotingNode three = RemotingNode.Start(_authority.Issue(TestAuthority.Node("three")), new Notes());

        one.System.ActorSelection($"akka.tcp://{RemotingNode.Name}@127.0.0.1:{impostor.Port}/user/echo").Tell("hello", ActorRefs.NoSender);

        await _notes.SayAsync($"the coordinator at 127.0.0.1:{impostor.Port}", TestAuthority.ReasonOf(bad, TestAuthority.Node("two")), SerialIn(directory));
        Assert.Equal("again", await one.AskAsync(three, "again"));
    }

    private static string SerialIn(string? directory) => directory is null ? "" : TestAuthority.CertificateOf(directory).SerialNumber;
}
