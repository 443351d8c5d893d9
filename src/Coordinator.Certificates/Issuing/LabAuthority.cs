using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Identity;

namespace Coordinator.Certificates.Issuing;

/// <summary>A certificate and its private key, as PEM.</summary>
public sealed record IssuedCertificate(string Certificate, string Key);

/// <summary>
/// An authority for laboratories and small sites: one root, P-256, no intermediates. Sites that have an authority of their own use that; what their certificates must name stands at
/// <see cref="PartyIdentity"/>.
/// </summary>
public sealed class LabAuthority : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>RFC 5280, 4.1.2.2: at most 20, positive.</summary>
    private const int SerialBytes = 16;

    /// <summary>Clocks of hosts differ; a certificate that was issued now must be good everywhere now.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private readonly X509Certificate2 _root;

    private LabAuthority(X509Certificate2 root) => _root = root;

    public string CertificatePem => _root.ExportCertificatePem();

    public string KeyPem
    {
        get
        {
            using ECDsa key = _root.GetECDsaPrivateKey()!;
            return key.ExportPkcs8PrivateKeyPem();
        }
    }

    public string Subject => _root.Subject;

    public DateTimeOffset ValidUntil => CertificateText.Until(_root);

    /// <summary>A new one; its name ends in random digits, so that two authorities are never taken for one another.</summary>
    public static LabAuthority Create(DateTimeOffset from, DateTimeOffset until)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string mark = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        CertificateRequest request = new($"CN=Coordinator authority {mark}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return new LabAuthority(request.CreateSelfSigned(from, until));
    }

    /// <exception cref="CryptographicException">They do not belong together.</exception>
    public static LabAuthority Of(string certificatePem, string keyPem) => new(X509Certificate2.CreateFromPem(certificatePem, keyPem));

    /// <param name="identity">Who it is for.</param>
    /// <param name="dns">Names under which a node is dialled.</param>
    /// <param name="addresses">Addresses under which a node is dialled.</param>
    /// <param name="from">Not before.</param>
    /// <param name="until">Not after; cut off at the authority's own end.</param>
    public IssuedCertificate Issue(PartyIdentity identity, IReadOnlyList<string> dns, IReadOnlyList<IPAddress> addresses, DateTimeOffset from, DateTimeOffset until)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={PartyIdentity.Word(identity.Role)} {identity.Name}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddUri(new Uri(identity.Uri));
        foreach (string name in dns)
        {
            names.AddDnsName(name);
        }

        foreach (IPAddress address in addresses)
        {
            names.AddIpAddress(address);
        }

        // An agent listens for its peers and dials coordinators; a node listens, and dials other nodes; a client only dials.
        OidCollection uses = identity.Role == PartyRole.Client ? [new Oid(ClientUse)] : [new Oid(ServerUse), new Oid(ClientUse)];
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(uses, critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        byte[] serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        using X509Certificate2 issued = request.Create(_root, from, until < ValidUntil ? until : ValidUntil, serial);
        return new IssuedCertificate(issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The list that follows <paramref name="before"/>, with more entries, if there are any.</summary>
    /// <param name="before">PEM; null for the first list.</param>
    /// <param name="revoked">Serial numbers; none repeats the list for longer.</param>
    /// <param name="now">When it begins, and since when the certificate is revoked.</param>
    /// <param name="until">When the next one is due; after that nobody is accepted with this one.</param>
    /// <exception cref="CryptographicException"><paramref name="before"/> is not a revocation list.</exception>
    public string RevocationList(string? before, IReadOnlyList<byte[]> revoked, DateTimeOffset now, DateTimeOffset until)
    {
        System.Numerics.BigInteger number = 0;
        CertificateRevocationListBuilder list = before is null ? new() : CertificateRevocationListBuilder.LoadPem(before, out number);
        foreach (byte[] serial in revoked)
        {
            // The builder does not look for one that is there already.
            list.RemoveEntry(serial);
            list.AddEntry(serial, now);
        }

        return PemEncoding.WriteString("X509 CRL", list.Build(_root, number + 1, until, HashAlgorithmName.SHA256, thisUpdate: now));
    }

    public void Dispose() => _root.Dispose();
}
