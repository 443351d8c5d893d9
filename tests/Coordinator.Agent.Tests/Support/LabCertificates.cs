using System.Net;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Issuing;
using Coordinator.Certificates.Links;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Agent.Tests.Support;

/// <summary>What <c>coordctl certs</c> makes for a coordinator on loopback and its agents.</summary>
internal sealed class LabCertificates : IDisposable
{
    private readonly AuthorityDirectory _authority;

    private LabCertificates(AuthorityDirectory authority)
    {
        _authority = authority;
        OfCoordinator = LinkCertificates.Open(
            CertificateFiles.In(authority.Issue(new PartyIdentity(PartyRole.Node, "one"), [], [IPAddress.Loopback], days: 1, renew: false).Directory), NullLogger.Instance);
    }

    public LinkCertificates OfCoordinator { get; }

    public static LabCertificates In(string directory) => new(AuthorityDirectory.Create(directory, TimeProvider.System));

    public string Agent(string host) => _authority.Issue(new PartyIdentity(PartyRole.Agent, host), [], [], days: 1, renew: false).Directory;

    public void Dispose() => OfCoordinator.Dispose();
}
