using System.Net;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Issuing;
using Coordinator.Certificates.Links;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Lab.Deployments;

/// <summary>The certificates of a deployment, as <c>coordctl certs</c> makes them. Hosts of the lab have addresses of their own, and beyond loopback every link has certificates.</summary>
public sealed class LabCertificates : IDisposable
{
    private readonly AuthorityDirectory _authority;
    private readonly string _client;

    private LabCertificates(AuthorityDirectory authority)
    {
        _authority = authority;
        _client = Issue(new PartyIdentity(PartyRole.Client, "lab"), []);
        OfClient = LinkCertificates.Open(CertificateFiles.In(_client), NullLogger.Instance);
    }

    public LinkCertificates OfClient { get; }

    /// <summary>For <c>coordctl --tls</c>.</summary>
    public string ClientDirectory => _client;

    public static LabCertificates In(string directory) => new(AuthorityDirectory.Create(directory, TimeProvider.System));

    /// <param name="name">Of the coordinator.</param>
    /// <param name="addresses">Under which it is dialled, those of relays among them.</param>
    public string Node(string name, IEnumerable<string> addresses) => Issue(new PartyIdentity(PartyRole.Node, name), [.. addresses.Select(IPAddress.Parse)]);

    /// <summary>The line of a host's configuration.</summary>
    public string AgentLine(string host)
    {
        CertificateFiles files = CertificateFiles.In(Issue(new PartyIdentity(PartyRole.Agent, host), []));
        return $"tls: {{ certificate: {files.Certificate}, key: {files.Key}, authorities: {files.Authorities}, revoked: {files.Revoked} }}";
    }

    public void Dispose() => OfClient.Dispose();

    private string Issue(PartyIdentity identity, IReadOnlyList<IPAddress> addresses) => _authority.Issue(identity, [], addresses, days: 2, renew: false).Directory;
}
