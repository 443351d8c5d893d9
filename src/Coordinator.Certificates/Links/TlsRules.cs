using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Files;

namespace Coordinator.Certificates.Links;

internal static class TlsRules
{
    /// <summary>Every peer is of ours, or a gRPC library of this decade: there is nothing older to be kind to.</summary>
    public const SslProtocols Protocols = SslProtocols.Tls13;

    /// <summary>For the chain that .NET builds before it asks us: it must neither trust the system's store nor download anything. The judgement is <see cref="Verification.PeerVerification"/>'s.</summary>
    public static X509ChainPolicy ChainPolicy(LinkCredentials credentials)
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(credentials.Authorities);
        return policy;
    }
}
