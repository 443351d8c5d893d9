using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Issuing;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Tests.Support;
using Coordinator.Certificates.Verification;

namespace Coordinator.Certificates.Tests.Files;

public sealed class CredentialTests : IDisposable
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UtcNow;

    private readonly TestAuthority _authority = new();
    private readonly Notes _notes = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void List_ThatHasExpired_LetsNobodyInAndSaysWhy()
    {
        string directory = _authority.Issue(TestAuthority.Node("one"));
        File.WriteAllText(Path.Combine(directory, "revoked.pem"), _authority.Authority.RevocationList(null, [], s_now.AddDays(-9), s_now.AddDays(-1)));

        Assert.Contains("the revocation list of its authority 'CN=Coordinator authority", RefusalBy(directory), StringComparison.Ordinal);
        Assert.Contains("has expired at 2", RefusalBy(directory), StringComparison.Ordinal);
    }

    [Fact]
    public void List_OfAStranger_IsAnErrorOfItsOwn()
    {
        using LabAuthority stranger = LabAuthority.Create(s_now.AddDays(-1), s_now.AddDays(1));
        string directory = _authority.Issue(TestAuthority.Node("one"));
        File.WriteAllText(Path.Combine(directory, "revoked.pem"), stranger.RevocationList(null, [], s_now.AddDays(-1), s_now.AddDays(1)));

        CertificateFileException e = Assert.Throws<CertificateFileException>(() => LinkCredentials.Read(CertificateFiles.In(directory)));

        Assert.Contains($"{directory}/revoked.pem: the revocation list of 'CN=Coordinator authority", e.Message, StringComparison.Ordinal);
        Assert.Contains("is not signed by any of our authorities", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void List_ThatHasNoneOfThisAuthority_LetsNobodyOfItIn()
    {
        using LabAuthority second = LabAuthority.Create(s_now.AddDays(-1), s_now.AddDays(9));
        string directory = _authority.Issue(TestAuthority.Node("one"));
        File.AppendAllText(Path.Combine(directory, "authorities.pem"), "\n" + second.CertificatePem);
        IssuedCertificate issued = second.Issue(TestAuthority.Node("two"), [], [], s_now.AddDays(-1), s_now.AddDays(1));
        using X509Certificate2 peer = X509Certificate2.CreateFromPem(issued.Certificate);

        Assert.Contains("holds no revocation list of its authority", RefusalBy(directory, peer), StringComparison.Ordinal);
        File.AppendAllText(Path.Combine(directory, "revoked.pem"), "\n" + second.RevocationList(null, [], s_now.AddDays(-1), s_now.AddDays(1)));
        Assert.Null(PeerVerification.Refusal(LinkCredentials.Read(CertificateFiles.In(directory)), peer, null, PeerExpectation.Anyone, isServer: true, s_now));
    }

    [Fact]
    public void Peer_OfThePublicWebsAuthorities_IsRefused()
    {
        string directory = _authority.Issue(TestAuthority.Node("one"));
        using X509Store system = new(StoreName.Root, StoreLocation.LocalMachine);
        system.Open(OpenFlags.ReadOnly);

        Assert.All(system.Certificates.Take(3), root => Assert.Contains("is none of those in", RefusalBy(directory, root), StringComparison.Ordinal));
    }

    [Fact]
    public void Peer_BehindAnIntermediateAuthority_IsAcceptedWithItAndRefusedWithoutIt()
    {
        using ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 root = Authority("CN=root", rootKey).CreateSelfSigned(s_now.AddDays(-9), s_now.AddDays(9));
        using X509Certificate2 middle = Authority("CN=middle", middleKey).Create(root, s_now.AddDays(-8), s_now.AddDays(8), [2]).CopyWithPrivateKey(middleKey);
        CertificateRequest request = new("CN=leaf", leafKey, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddUri(new Uri("coordinator://agent/alpha"));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 leaf = request.Create(middle, s_now.AddDays(-7), s_now.AddDays(7), [3]);
        string directory = _authority.Issue(TestAuthority.Node("one"));
        File.Delete(Path.Combine(directory, "revoked.pem"));
        File.WriteAllText(Path.Combine(directory, "authorities.pem"), root.ExportCertificatePem());
        LinkCredentials ours = LinkCredentials.Read(CertificateFiles.In(directory));

        Assert.Null(PeerVerification.Refusal(ours, leaf, [middle], PeerExpectation.AgentOf("alpha"), isServer: false, s_now));
        Assert.Contains("its authority 'CN=middle' is none of those", PeerVerification.Refusal(ours, leaf, null, PeerExpectation.AgentOf("alpha"), isServer: false, s_now), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("coordinator://agent/alpha", "agent 'alpha'")]
    [InlineData("coordinator://node/n-1.lab", "node 'n-1.lab'")]
    [InlineData("coordinator://client/ann", "client 'ann'")]
    [InlineData("coordinator://agent/", null)]
    [InlineData("coordinator://agent/Alpha", null)]
    [InlineData("coordinator://agent/alpha/beta", null)]
    [InlineData("coordinator://king/alpha", null)]
    [InlineData("https://agent/alpha", null)]
    public void Identity_IsReadStrictly(string uri, string? identity)
    {
        Assert.Equal(identity is not null, PartyIdentity.TryParse(uri, out PartyIdentity? read));
        Assert.Equal(identity, read?.ToString());
    }

    [Fact]
    public void Certificate_WithTwoIdentities_IsNobodys()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=both", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddUri(new Uri("coordinator://agent/alpha"));
        names.AddUri(new Uri("coordinator://node/one"));
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 both = request.CreateSelfSigned(s_now.AddDays(-1), s_now.AddDays(1));

        Assert.Null(PartyIdentity.Of(both));
        Assert.Contains("names no party of ours", PeerVerification.IdentityProblem(both, PeerExpectation.Anyone), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_HalfReplaced_LeaveTheOldOnesInForceUntilTheyAreWhole()
    {
        string directory = _authority.Issue(TestAuthority.Agent("alpha"));
        using LinkCertificates certificates = TestAuthority.Open(directory, _notes);
        string before = certificates.Current.Own.SerialNumber;
        IssuedCertificate next = _authority.Authority.Issue(TestAuthority.Agent("alpha"), [], [], s_now.AddDays(-1), s_now.AddDays(5));

        File.WriteAllText(Path.Combine(directory, "certificate.pem"), next.Certificate);
        await _notes.SayAsync("The changed certificate files cannot be used", "key.pem: this is not the unencrypted PEM key of", "In force stays", before);
        Assert.Equal(before, certificates.Current.Own.SerialNumber);
        File.WriteAllText(Path.Combine(directory, "key.pem"), next.Key[..100]);
        certificates.Reread();
        Assert.Equal(before, certificates.Current.Own.SerialNumber);
        File.WriteAllText(Path.Combine(directory, "key.pem"), next.Key);

        await _notes.SayAsync("The certificate files have changed", TestAuthority.CertificateOf(directory).SerialNumber);
        Assert.NotEqual(before, certificates.Current.Own.SerialNumber);
    }

    [Theory]
    [InlineData("certificate.pem", "cannot be read")]
    [InlineData("authorities.pem", "cannot be read")]
    [InlineData("revoked.pem", "is gone")]
    public async Task File_ThatIsGone_LeavesTheOldOneInForce(string file, string sentence)
    {
        string directory = _authority.Issue(TestAuthority.Agent("alpha"));
        using LinkCertificates certificates = TestAuthority.Open(directory, _notes);
        LinkCredentials before = certificates.Current;

        File.Delete(Path.Combine(directory, file));

        await _notes.SayAsync("The changed certificate files cannot be used", Path.Combine(directory, file), sentence);
        Assert.Same(before, certificates.Current);
    }

    [Fact]
    public async Task Certificate_OfAnotherParty_IsNotTakenUp()
    {
        string directory = _authority.Issue(TestAuthority.Agent("alpha"));
        using LinkCertificates certificates = TestAuthority.Open(directory, _notes);

        _authority.Replace(directory, TestAuthority.Agent("beta"));

        await _notes.SayAsync("this is the certificate of agent 'beta', and this process is agent 'alpha'");
        Assert.Equal(TestAuthority.Agent("alpha"), certificates.Identity);
    }

    [Fact]
    public void Expiry_IsWarnedOfAheadAndOnceADay()
    {
        string directory = _authority.Issue(TestAuthority.Agent("alpha"), from: -1, until: 10);
        FakeTime clock = new() { Now = s_now };
        using LinkCertificates certificates = LinkCertificates.Open(CertificateFiles.In(directory), _notes, clock);
        string word = $"{certificates.Current.Own.SerialNumber}) in {directory}/certificate.pem expires at";
        Assert.DoesNotContain(word, _notes.Text, StringComparison.Ordinal);

        for (int hour = 0; hour < 24 * 8; hour++)
        {
            clock.Now += TimeSpan.FromHours(1);
            certificates.Reread();
        }

        Assert.InRange(_notes.Text.Split(word).Length - 1, 1, 3);
        clock.Now = s_now.AddDays(11);
        certificates.Reread();
        Assert.Contains($"{certificates.Current.Own.SerialNumber}) in {directory}/certificate.pem has expired at", _notes.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Own_ThatHasExpired_IsOpenedAndSaysSo()
    {
        string directory = _authority.Issue(TestAuthority.Agent("alpha"), from: -9, until: -1);

        using LinkCertificates certificates = TestAuthority.Open(directory, _notes);

        Assert.Contains("Peers will refuse this process: the certificate of agent 'alpha'", _notes.Text, StringComparison.Ordinal);
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        CertificateRequest request = new(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        return request;
    }

    private static string RefusalBy(string directory, X509Certificate2? peer = null)
    {
        LinkCredentials ours = LinkCredentials.Read(CertificateFiles.In(directory));
        return PeerVerification.Refusal(ours, peer ?? ours.Own, null, PeerExpectation.Anyone, isServer: false, s_now) ?? "accepted";
    }

    private sealed class FakeTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
