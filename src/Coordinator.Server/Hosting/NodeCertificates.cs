using Coordinator.AgentProtocol;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using Api = Coordinator.Contracts.Api.Coordinator;

namespace Coordinator.Server.Hosting;

/// <summary>A coordinator's certificates, and who may call what.</summary>
internal static class NodeCertificates
{
    /// <summary>A node may use the API too: it is what a person on its machine has at hand.</summary>
    private static readonly PeerExpectation s_clients = new([PartyRole.Client, PartyRole.Node]);

    internal static readonly IReadOnlyDictionary<string, PeerExpectation> RolesOfServices = new Dictionary<string, PeerExpectation>(StringComparer.Ordinal)
    {
        [AgentGateway.Descriptor.FullName] = new([PartyRole.Agent]),
        [Api.Descriptor.FullName] = s_clients,
        [Health.Descriptor.FullName] = PeerExpectation.Anyone,
        [ServerReflection.Descriptor.FullName] = s_clients,
    };

    /// <exception cref="CertificateFileException">They cannot be used, or are not a node's.</exception>
    internal static LinkCertificates Open(CertificateFiles files, ILoggerFactory loggers)
    {
        LinkCertificates certificates = LinkCertificates.Open(files, loggers.CreateLogger("Coordinator.Certificates"));
        if (certificates.Identity.Role == PartyRole.Node)
        {
            return certificates;
        }

        certificates.Dispose();
        throw new CertificateFileException($"{files.Certificate}: this is the certificate of {certificates.Identity}, and a coordinator needs that of a node (coordinator://node/NAME)");
    }
}
