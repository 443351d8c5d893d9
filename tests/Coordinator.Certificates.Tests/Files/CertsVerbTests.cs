using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Verification;
using Coordinator.Cli;
using Coordinator.Lab;

namespace Coordinator.Certificates.Tests.Files;

/// <summary><c>coordctl certs</c>, from nothing to a revoked certificate.</summary>
public sealed class CertsVerbTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new("certs-");

    private string Ca => _folder["ca"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task InitAndIssue_MakeCertificatesThatAcceptEachOther()
    {
        await DoneAsync("init", Ca);
        await DoneAsync("issue", Ca, "--node", "one", "--ip", "10.0.0.1", "--dns", "one.lab");
        await DoneAsync("issue", Ca, "--agent", "alpha", "--days", "3");
        await DoneAsync("issue", Ca, "--client", "ann");

        LinkCredentials node = LinkCredentials.Read(CertificateFiles.In(Path.Combine(Ca, "node-one")));
        LinkCredentials alpha = LinkCredentials.Read(CertificateFiles.In(Path.Combine(Ca, "agent-alpha")));
        LinkCredentials ann = LinkCredentials.Read(CertificateFiles.In(Path.Combine(Ca, "client-ann")));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Assert.Null(PeerVerification.Refusal(alpha, node.Own, null, PeerExpectation.NodeAt("10.0.0.1"), isServer: true, now));
        Assert.Null(PeerVerification.Refusal(ann, node.Own, null, PeerExpectation.NodeAt("one.lab"), isServer: true, now));
        Assert.Null(PeerVerification.Refusal(node, alpha.Own, null, PeerExpectation.AgentOf("alpha"), isServer: false, now));
        Assert.Null(PeerVerification.Refusal(node, ann.Own, null, new PeerExpectation([PartyRole.Client]), isServer: false, now));
        Assert.Contains("it may not be used as a server", PeerVerification.Refusal(node, ann.Own, null, PeerExpectation.Anyone, isServer: true, now), StringComparison.Ordinal);
        Assert.Contains("expired since", PeerVerification.Refusal(node, alpha.Own, null, PeerExpectation.Anyone, isServer: false, now.AddDays(4)), StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(Ca, "*.pem", SearchOption.AllDirectories), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Revoke_ReachesEveryDirectoryAndEveryCertificateOfTheParty()
    {
        await DoneAsync("init", Ca);
        await DoneAsync("issue", Ca, "--agent", "alpha");
        LinkCredentials first = LinkCredentials.Read(CertificateFiles.In(Path.Combine(Ca, "agent-alpha")));
        await DoneAsync("issue", Ca, "--agent", "alpha", "--renew");
        LinkCredentials second = LinkCredentials.Read(CertificateFiles.In(Path.Combine(Ca, "agent-alpha")));
        await DoneAsync("issue", Ca, "--agent", "beta");

        string said = await DoneAsync("revoke", Ca, "--agent", "alpha");
        await DoneAsync("refresh", Ca);
        await DoneAsync("issue", Ca, "--agent", "alpha", "--renew");

        Assert.Contains(first.Own.SerialNumber, said, StringComparison.Ordinal);
        LinkCredentials beta = LinkCredentials.Read(CertificateFiles.In(Path.Combine(Ca, "agent-beta")));
        LinkCredentials third = LinkCredentials.Read(CertificateFiles.In(Path.Combine(Ca, "agent-alpha")));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Assert.All([first, second], gone => Assert.Contains("revoked at", PeerVerification.Refusal(beta, gone.Own, null, PeerExpectation.Anyone, isServer: true, now), StringComparison.Ordinal));
        Assert.Null(PeerVerification.Refusal(beta, third.Own, null, PeerExpectation.Anyone, isServer: true, now));
        Assert.Contains(first.Own.SerialNumber, await DoneAsync("show", Path.Combine(Ca, "revoked.pem")), StringComparison.Ordinal);
        Assert.Contains("coordinator://agent/alpha", await DoneAsync("show", Path.Combine(Ca, "agent-alpha", "certificate.pem")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsThere_IsNeverOverwritten()
    {
        await DoneAsync("init", Ca);
        await DoneAsync("issue", Ca, "--agent", "alpha");
        string[] before = [.. Directory.GetFiles(Ca, "*", SearchOption.AllDirectories).Select(File.ReadAllText)];

        Assert.Contains("is there already, and an authority is never overwritten", await RefusedAsync(4, "init", Ca), StringComparison.Ordinal);
        Assert.Contains("holds a certificate already; --renew replaces it", await RefusedAsync(4, "issue", Ca, "--agent", "alpha"), StringComparison.Ordinal);

        Assert.Equal(before, Directory.GetFiles(Ca, "*", SearchOption.AllDirectories).Select(File.ReadAllText));
    }

    [Fact]
    public async Task WhatCannotBe_IsRefusedWithASentence()
    {
        Assert.Contains("holds no authority that can be used", await RefusedAsync(4, "issue", Ca, "--agent", "alpha"), StringComparison.Ordinal);
        await DoneAsync("init", Ca);
        Assert.Contains("name every one with --ip or --dns", await RefusedAsync(4, "issue", Ca, "--node", "one"), StringComparison.Ordinal);
        Assert.Contains("is no IP address", await RefusedAsync(2, "issue", Ca, "--node", "one", "--ip", "one.lab"), StringComparison.Ordinal);
        Assert.Contains("'Alpha' is no name", await RefusedAsync(2, "issue", Ca, "--agent", "Alpha"), StringComparison.Ordinal);
        Assert.Contains("Name one of --agent HOST, --node NAME or --client NAME", await RefusedAsync(2, "issue", Ca, "--agent", "a", "--client", "b"), StringComparison.Ordinal);
        Assert.Contains("--days: allowed is 1 to 3650", await RefusedAsync(2, "issue", Ca, "--agent", "a", "--days", "0"), StringComparison.Ordinal);
        Assert.Contains("no certificate was issued for agent 'zed'", await RefusedAsync(4, "revoke", Ca, "--agent", "zed"), StringComparison.Ordinal);
        Assert.Contains("cannot be read", await RefusedAsync(4, "show", _folder["nothing.pem"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://10.0.0.1:4050", null, "'10.0.0.1' is refused: without certificates links are neither encrypted nor authenticated")]
    [InlineData("https://127.0.0.1:4050", null, "needs a certificate: name its directory with --tls DIR")]
    [InlineData("http://127.0.0.1:4050", "/nowhere", "with certificates every link is encrypted; write https://127.0.0.1:4050")]
    [InlineData("https://127.0.0.1:4050", "/nowhere", "--tls: /nowhere/authorities.pem cannot be read")]
    public async Task Server_ThatCannotBeDialled_IsRefusedWithASentence(string server, string? tls, string sentence)
    {
        (int code, _, string error) = await RunAsync([.. (string[])["get", "hosts", "--server", server], .. tls is null ? (string[])[] : ["--tls", tls]]);

        Assert.Equal(2, code);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
    }

    private static async Task<string> DoneAsync(params string[] arguments)
    {
        (int code, string output, string error) = await RunAsync(["certs", .. arguments]);
        Assert.True(code == 0, error);
        return output;
    }

    private static async Task<string> RefusedAsync(int expected, params string[] arguments)
    {
        (int code, _, string error) = await RunAsync(["certs", .. arguments]);
        Assert.True(code == expected, $"{code}: {error}");
        return error;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(IReadOnlyList<string> arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await Coordctl.Run(arguments, new CliContext { Out = CliContext.WithoutTerminal(output), Error = error, IsTerminal = false, Environment = _ => null }, CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }
}
