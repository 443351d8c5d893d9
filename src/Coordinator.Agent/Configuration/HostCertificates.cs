using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Links;

namespace Coordinator.Agent.Configuration;

internal static class HostCertificates
{
    /// <exception cref="CertificateFileException">They cannot be used, or are another's.</exception>
    public static LinkCertificates Open(CertificateFiles files, string hostId, ILoggerFactory loggers)
    {
        LinkCertificates certificates = LinkCertificates.Open(files, loggers.CreateLogger("Coordinator.Certificates"));
        PartyIdentity needed = new(PartyRole.Agent, hostId);
        if (certificates.Identity == needed)
        {
            return certificates;
        }

        certificates.Dispose();
        throw new CertificateFileException($"{files.Certificate}: this is the certificate of {certificates.Identity}, and this host needs that of {needed} ({needed.Uri})");
    }
}
