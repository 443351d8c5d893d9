using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Identity;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace Coordinator.Certificates.Files;

/// <summary>The revocation lists of our authorities (RFC 5280, section 5), each signed by one of them.</summary>
public sealed class RevocationLists
{
    internal const string PemLabel = "X509 CRL";

    private readonly string _file;
    private readonly List<X509Crl> _lists;

    private RevocationLists(string file, List<X509Crl> lists)
    {
        (_file, _lists) = (file, lists);
    }

    /// <summary>When the first of the lists ends; from then on no certificate of its authority is accepted. Null: none of them ends.</summary>
    public DateTimeOffset? ExpiresAt => _lists.Select(list => list.NextUpdate).Where(next => next is not null).Select(next => (DateTimeOffset?)Utc(next!.Value)).Min();

    /// <param name="file">For the sentences.</param>
    /// <param name="pem">One or more lists.</param>
    /// <param name="authorities">One of which must have signed each.</param>
    /// <exception cref="CertificateFileException">No list, an unreadable one, or one that none of the authorities has signed.</exception>
    public static RevocationLists Read(string file, string pem, X509Certificate2Collection authorities)
    {
        List<X509Crl> lists = [];
        ReadOnlySpan<char> rest = pem;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            if (rest[fields.Label].SequenceEqual(PemLabel))
            {
                lists.Add(One(file, Convert.FromBase64String(rest[fields.Base64Data].ToString()), authorities));
            }

            rest = rest[fields.Location.End..];
        }

        return lists.Count > 0 ? new RevocationLists(file, lists) : throw new CertificateFileException($"{file}: holds no PEM revocation list ({PemLabel})");
    }

    /// <summary>Why this certificate is not accepted; null when it is. Fail closed: without a valid list of its authority nothing is known of it.</summary>
    /// <param name="certificate">Whose.</param>
    /// <param name="issuer">Its authority.</param>
    /// <param name="now">For the end of lists; null ignores it, for links that are there already.</param>
    public string? Problem(X509Certificate2 certificate, X509Certificate2 issuer, DateTimeOffset? now)
    {
        X509Crl[] ofIssuer = [.. _lists.Where(list => list.IssuerDN.GetDerEncoded().AsSpan().SequenceEqual(issuer.SubjectName.RawData) && IsSignedBy(list, issuer))];
        BigInteger serial = new(1, certificate.SerialNumberBytes.ToArray());
        foreach (X509Crl list in ofIssuer)
        {
            if (list.GetRevokedCertificate(serial) is { } revoked)
            {
                return $"revoked at {CertificateText.Time(Utc(revoked.RevocationDate))} by '{CertificateText.Subject(issuer.SubjectName)}'";
            }
        }

        if (now is not { } at)
        {
            return null;
        }

        string authority = CertificateText.Subject(issuer.SubjectName);
        return ofIssuer.MaxBy(list => list.NextUpdate ?? DateTime.MaxValue) switch
        {
            null => $"{_file} holds no revocation list of its authority '{authority}', so nobody can tell whether it is revoked",
            { NextUpdate: { } next } when Utc(next) <= at => $"the revocation list of its authority '{authority}' in {_file} has expired at {CertificateText.Time(Utc(next))}, so nobody can tell whether it is revoked",
            _ => null,
        };
    }

    private static X509Crl One(string file, byte[] encoded, X509Certificate2Collection authorities)
    {
        X509Crl list;
        try
        {
            list = new X509CrlParser().ReadCrl(encoded) ?? throw new CertificateFileException($"{file}: a revocation list is empty");
        }
        catch (Exception e) when (e is GeneralSecurityException or IOException or ArgumentException)
        {
            throw new CertificateFileException($"{file}: a revocation list cannot be read: {e.Message}", e);
        }

        return authorities.Any(authority => IsSignedBy(list, authority))
            ? list
            : throw new CertificateFileException($"{file}: the revocation list of '{list.IssuerDN}' is not signed by any of our authorities");
    }

    private static bool IsSignedBy(X509Crl list, X509Certificate2 authority)
    {
        try
        {
            list.Verify(new X509CertificateParser().ReadCertificate(authority.RawData).GetPublicKey());
            return true;
        }
        catch (Exception e) when (e is GeneralSecurityException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
