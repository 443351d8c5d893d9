namespace Coordinator.Certificates.Files;

/// <summary>The PEM files of one party.</summary>
/// <param name="Certificate">Its certificate, followed by those of intermediate authorities, if there are any.</param>
/// <param name="Key">Its private key, not encrypted: whoever reads it is this party, so only its owner may.</param>
/// <param name="Authorities">The authorities whose certificates are accepted, and no others: never the system's.</param>
/// <param name="Revoked">Revocation lists, one of each authority that issues; null accepts every certificate until it expires.</param>
public sealed record CertificateFiles(string Certificate, string Key, string Authorities, string? Revoked = null)
{
    public const string CertificateName = "certificate.pem";
    public const string KeyName = "key.pem";
    public const string AuthoritiesName = "authorities.pem";
    public const string RevokedName = "revoked.pem";

    /// <summary>A directory as <c>coordctl certs issue</c> makes it; <see cref="RevokedName"/> need not be there.</summary>
    public static CertificateFiles In(string directory) => new(
        Path.Combine(directory, CertificateName), Path.Combine(directory, KeyName), Path.Combine(directory, AuthoritiesName), Path.Combine(directory, RevokedName))
    {
        MayLackRevoked = true,
    };

    /// <summary>Without the file nothing is revoked. Once it was there it has to stay: its loss would let in who was shut out.</summary>
    public bool MayLackRevoked { get; init; }

    public IEnumerable<string> All => Revoked is null ? [Certificate, Key, Authorities] : [Certificate, Key, Authorities, Revoked];
}
