using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Coordinator.Certificates.Identity;

/// <summary>How sentences name a certificate: by whom it is for, its subject and its serial number, so that it can be found among many.</summary>
public static class CertificateText
{
    public static string Of(X509Certificate2 certificate) =>
        PartyIdentity.Of(certificate) is { } identity
            ? $"the certificate of {identity} ({Subject(certificate.SubjectName)}, serial {certificate.SerialNumber})"
            : $"the certificate '{Subject(certificate.SubjectName)}' (serial {certificate.SerialNumber})";

    public static string Subject(X500DistinguishedName name) => name.Name.Length == 0 ? "no subject" : name.Name;

    // .NET gives both in local time.
    public static DateTimeOffset From(X509Certificate2 certificate) => new(certificate.NotBefore.ToUniversalTime());

    public static DateTimeOffset Until(X509Certificate2 certificate) => new(certificate.NotAfter.ToUniversalTime());

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
