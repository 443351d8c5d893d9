using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Identity;
using Org.BouncyCastle.X509;

namespace Coordinator.Certificates.Files;

/// <summary>What stands in a PEM file, in lines for people. Private keys are only counted.</summary>
public static class PemText
{
    /// <exception cref="CertificateFileException">It cannot be read, or holds nothing of the kind.</exception>
    public static IReadOnlyList<string> Lines(string file)
    {
        List<string> lines = [];
        try
        {
            ReadOnlySpan<char> rest = File.ReadAllText(file);
            while (PemEncoding.TryFind(rest, out PemFields fields))
            {
                byte[] content = Convert.FromBase64String(rest[fields.Base64Data].ToString());
                lines.AddRange(rest[fields.Label].ToString() switch
                {
                    "CERTIFICATE" => OfCertificate(X509CertificateLoader.LoadCertificate(content)),
                    RevocationLists.PemLabel => OfList(new X509CrlParser().ReadCrl(content)),
                    var other => [$"{other.ToLowerInvariant()} (not shown)"],
                });
                rest = rest[fields.Location.End..];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or Org.BouncyCastle.Security.GeneralSecurityException)
        {
            throw new CertificateFileException($"{file} cannot be read: {e.Message}", e);
        }

        return lines.Count > 0 ? lines : throw new CertificateFileException($"{file}: there is nothing in PEM in it");
    }

    private static List<string> OfCertificate(X509Certificate2 certificate)
    {
        List<string> lines =
        [
            PartyIdentity.Of(certificate) is { } identity ? $"certificate of {identity} ({identity.Uri})" : "certificate that names no party of ours",
            $"  subject    {CertificateText.Subject(certificate.SubjectName)}",
            $"  issuer     {CertificateText.Subject(certificate.IssuerName)}",
            $"  serial     {certificate.SerialNumber}",
            $"  valid      {CertificateText.Time(CertificateText.From(certificate))} to {CertificateText.Time(CertificateText.Until(certificate))}",
        ];
        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true })
        {
            lines.Add("  authority  yes");
        }

        foreach (X509SubjectAlternativeNameExtension names in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            lines.AddRange(names.EnumerateIPAddresses().Select(address => $"  address    {address}"));
            lines.AddRange(names.EnumerateDnsNames().Select(name => $"  dns        {name}"));
        }

        return lines;
    }

    private static List<string> OfList(X509Crl list) =>
    [
        $"revocation list of {list.IssuerDN}",
        $"  valid      {Time(list.ThisUpdate)} to {(list.NextUpdate is { } next ? Time(next) : "no end")}",
        .. (list.GetRevokedCertificates() ?? new HashSet<X509CrlEntry>()).Select(entry => $"  revoked    {Convert.ToHexString(entry.SerialNumber.ToByteArrayUnsigned())} at {Time(entry.RevocationDate)}"),
    ];

    private static string Time(DateTime time) => CertificateText.Time(new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)));
}
