using System.Net;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Issuing;
using Coordinator.Certificates.Links;
using Coordinator.Lab;
using Microsoft.Extensions.Logging;

namespace Coordinator.Certificates.Tests.Support;

/// <summary>An authority, a stranger's one, and certificates of every kind in directories of their own. All of them share one revocation list, <see cref="Revoke"/> replaces it everywhere.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UtcNow;

    private readonly TemporaryDirectory _folder = new("certs-");
    private readonly LabAuthority _stranger = LabAuthority.Create(s_now.AddDays(-30), s_now.AddDays(30));
    private readonly List<string> _directories = [];
    private string _list;

    public TestAuthority()
    {
        Authority = LabAuthority.Create(s_now.AddDays(-30), s_now.AddDays(30));
        _list = Authority.RevocationList(null, [], s_now.AddDays(-1), s_now.AddDays(20));
    }

    public LabAuthority Authority { get; }

    public string Folder => _folder.Path;

    public static PartyIdentity Agent(string host) => new(PartyRole.Agent, host);

    public static PartyIdentity Node(string name) => new(PartyRole.Node, name);

    public static PartyIdentity Client(string name) => new(PartyRole.Client, name);

    /// <param name="identity">For whom.</param>
    /// <param name="from">In days from now.</param>
    /// <param name="until">The same.</param>
    /// <param name="address">Of a node.</param>
    /// <param name="stranger">By another authority.</param>
    public string Issue(PartyIdentity identity, double from = -1, double until = 10, string address = "127.0.0.1", bool stranger = false)
    {
        string directory = Directory.CreateDirectory(Path.Combine(Folder, $"{_directories.Count}-{identity.Name}")).FullName;
        _directories.Add(directory);
        Replace(directory, identity, from, until, address, stranger);
        File.WriteAllText(Path.Combine(directory, CertificateFiles.AuthoritiesName), Authority.CertificatePem);
        File.WriteAllText(Path.Combine(directory, CertificateFiles.RevokedName), _list);
        return directory;
    }

    /// <summary>The certificate and key of a directory, as a renewal replaces them: one after the other.</summary>
    public void Replace(string directory, PartyIdentity identity, double from = -1, double until = 10, string address = "127.0.0.1", bool stranger = false)
    {
        IssuedCertificate issued = (stranger ? _stranger : Authority).Issue(identity, [], identity.Role == PartyRole.Node ? [IPAddress.Parse(address)] : [], s_now.AddDays(from), s_now.AddDays(until));
        File.WriteAllText(Path.Combine(directory, CertificateFiles.KeyName), issued.Key);
        File.SetUnixFileMode(Path.Combine(directory, CertificateFiles.KeyName), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(Path.Combine(directory, CertificateFiles.CertificateName), issued.Certificate);
    }

    public void Revoke(string directory)
    {
        using X509Certificate2 certificate = CertificateOf(directory);
        _list = Authority.RevocationList(_list, [certificate.SerialNumberBytes.ToArray()], s_now.AddDays(-1), s_now.AddDays(20));
        foreach (string each in _directories)
        {
            File.WriteAllText(Path.Combine(each, CertificateFiles.RevokedName), _list);
        }
    }

    public static X509Certificate2 CertificateOf(string directory) => X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, CertificateFiles.CertificateName));

    /// <summary>A directory with a certificate that is bad in this way for one who should be <paramref name="identity"/>; null for none at all.</summary>
    public string? Bad(BadCertificate bad, PartyIdentity identity)
    {
        switch (bad)
        {
            case BadCertificate.Expired:
                return Issue(identity, from: -20, until: -1);
            case BadCertificate.NotYetValid:
                return Issue(identity, from: 1, until: 10);
            case BadCertificate.WrongAuthority:
                return Issue(identity, stranger: true);
            case BadCertificate.Swapped:
                return identity.Role == PartyRole.Node ? Issue(identity, address: "127.0.0.9") : Issue(identity with { Name = "other" });
            case BadCertificate.WrongRole:
                return Issue(identity with { Role = WrongRoleFor(identity) });
            case BadCertificate.Revoked:
                string revoked = Issue(identity);
                Revoke(revoked);
                return revoked;
            default:
                return null;
        }
    }

    /// <summary>What the sentence says of it, besides the certificate's serial number.</summary>
    public static string ReasonOf(BadCertificate bad, PartyIdentity identity) => bad switch
    {
        BadCertificate.Expired => "is refused: expired since 2",
        BadCertificate.NotYetValid => "is refused: not valid before 2",
        BadCertificate.WrongAuthority => "is refused: its authority 'CN=Coordinator authority ",
        BadCertificate.Swapped => identity.Role == PartyRole.Node ? "is refused: it is not for the address 127.0.0.1, which was dialled, but for 127.0.0.9" : $"is refused: host 'other' where '{identity.Name}' is expected",
        BadCertificate.WrongRole => $"is refused: role {PartyIdentity.Word(WrongRoleFor(identity))} where ",
        BadCertificate.Revoked => "is refused: revoked at 2",
        BadCertificate.None => "no certificate was presented where one of role ",
        BadCertificate.PlainTcp => "TLS",
        _ => throw new ArgumentOutOfRangeException(nameof(bad)),
    };

    /// <summary>One that may be a server too, so that nothing but its role is wrong.</summary>
    private static PartyRole WrongRoleFor(PartyIdentity identity) => identity.Role == PartyRole.Agent ? PartyRole.Node : PartyRole.Agent;

    public static LinkCertificates Open(string directory, ILogger logger) => LinkCertificates.Open(CertificateFiles.In(directory), logger);

    public void Dispose()
    {
        Authority.Dispose();
        _stranger.Dispose();
        _folder.Dispose();
    }
}
