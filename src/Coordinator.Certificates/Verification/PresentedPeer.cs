using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Identity;

namespace Coordinator.Certificates.Verification;

/// <summary>What a peer has presented, in copies of our own: TLS disposes its own with the link, and this is judged anew at any time.</summary>
public sealed class PresentedPeer
{
    private PresentedPeer(X509Certificate2 certificate, X509Certificate2Collection sent)
    {
        (Certificate, Sent) = (certificate, sent);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>Intermediate authorities that came with it.</summary>
    public X509Certificate2Collection Sent { get; }

    /// <summary>Null only for a certificate that was refused for it.</summary>
    public PartyIdentity? Identity => field ??= PartyIdentity.Of(Certificate);

    /// <param name="certificate">As TLS hands it to a validation callback.</param>
    /// <param name="chain">The same.</param>
    public static PresentedPeer? Of(X509Certificate? certificate, X509Chain? chain) => certificate is null
        ? null
        : new PresentedPeer(
            X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()),
            [.. (chain?.ChainPolicy.ExtraStore ?? []).Select(sent => X509CertificateLoader.LoadCertificate(sent.RawData))]);
}
