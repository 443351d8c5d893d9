using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Identity;

namespace Coordinator.Certificates.Files;

/// <summary>What the files of one party held at one moment; never changed, so that a link is made with files that belong together.</summary>
public sealed class LinkCredentials
{
    private LinkCredentials(CertificateFiles files, X509Certificate2 own, PartyIdentity identity, SslStreamCertificateContext context, X509Certificate2Collection authorities, RevocationLists? revoked)
    {
        (Files, Own, Identity, Context, Authorities, Revoked) = (files, own, identity, context, authorities, revoked);
    }

    public CertificateFiles Files { get; }

    public X509Certificate2 Own { get; }

    public PartyIdentity Identity { get; }

    /// <summary>Own certificate with its intermediates, as links present it.</summary>
    public SslStreamCertificateContext Context { get; }

    public X509Certificate2Collection Authorities { get; }

    /// <summary>Null: nothing is revoked.</summary>
    public RevocationLists? Revoked { get; }

    /// <exception cref="CertificateFileException">A file is missing, unreadable, half-written, or does not belong to the others.</exception>
    public static LinkCredentials Read(CertificateFiles files)
    {
        X509Certificate2Collection authorities = Certificates(files.Authorities, "authorities");
        foreach (X509Certificate2 authority in authorities)
        {
            if (authority.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
            {
                throw new CertificateFileException($"{files.Authorities}: '{CertificateText.Subject(authority.SubjectName)}' is not the certificate of an authority (basic constraints CA:TRUE)");
            }
        }

        X509Certificate2Collection chain = Certificates(files.Certificate, "certificate");
        X509Certificate2 own = WithKey(files);
        PartyIdentity identity = PartyIdentity.Of(own)
            ?? throw new CertificateFileException($"{files.Certificate}: {CertificateText.Of(own)} names no party: one URI like coordinator://agent/HOST, coordinator://node/NAME or coordinator://client/NAME is needed among its alternative names");
        RevocationLists? revoked = files.Revoked is null || (files.MayLackRevoked && !File.Exists(files.Revoked)) ? null : RevocationLists.Read(files.Revoked, Text(files.Revoked), authorities);
        X509Certificate2Collection intermediates = [.. chain.Skip(1)];
        try
        {
            return new LinkCredentials(files, own, identity, SslStreamCertificateContext.Create(own, intermediates, offline: true), authorities, revoked);
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException($"{files.Certificate} cannot be used for links: {e.Message}", e);
        }
    }

    private static X509Certificate2Collection Certificates(string file, string kind)
    {
        X509Certificate2Collection found = [];
        try
        {
            found.ImportFromPem(Text(file));
        }
        catch (CryptographicException e)
        {
            throw new CertificateFileException($"{file}: the {kind} file holds no readable PEM certificates: {e.Message}", e);
        }

        return found.Count > 0 ? found : throw new CertificateFileException($"{file}: the {kind} file holds no PEM certificate");
    }

    private static X509Certificate2 WithKey(CertificateFiles files)
    {
        string certificate = Text(files.Certificate);
        string key = Text(files.Key);
        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CertificateFileException($"{files.Key}: this is not the unencrypted PEM key of {files.Certificate}: {e.Message}", e);
        }
    }

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CertificateFileException($"{file} cannot be read: {e.Message}", e);
        }
    }
}
