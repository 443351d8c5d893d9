using System.Globalization;
using System.Net;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Issuing;
using Coordinator.Certificates.Links;
using Coordinator.Cli.Outcomes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Cli.Local;

/// <summary>The certificates of what <c>up</c> starts: those in the authority's directory, and new ones for who has none or one that ends soon.</summary>
internal sealed class LocalCertificates
{
    /// <summary>When `up` is started again sooner, it renews nothing.</summary>
    static readonly TimeSpan s_leftAtLeast = TimeSpan.FromDays(30);

    readonly AuthorityDirectory authority;
    readonly TimeProvider clock;

    LocalCertificates(AuthorityDirectory authority, TimeProvider clock)
    {
        this.authority = authority;
        this.clock = clock;
        authority.RenewList();
    }

    public string ClientDirectory => Of(new(PartyRole.Client, "coordctl"), []);

    /// <exception cref="CommandFailure">What is in the directory cannot be used.</exception>
    public static LocalCertificates? In(string? directory, TimeProvider clock) => directory is null
        ? null
        : Refusing(() => new LocalCertificates(Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any()
            ? AuthorityDirectory.Open(directory, clock)
            : AuthorityDirectory.Create(directory, clock), clock));

    public string Node(int node) => Of(new(PartyRole.Node, string.Create(CultureInfo.InvariantCulture, $"coordinator-{node + 1}")), [IPAddress.Loopback]);

    public CertificateFiles Agent(string host) => CertificateFiles.In(Of(new(PartyRole.Agent, host), []));

    /// <summary>For a connection, which disposes them.</summary>
    public LinkCertificates OpenClient() => Refusing(() => LinkCertificates.Open(CertificateFiles.In(ClientDirectory), NullLogger.Instance, clock));

    string Of(PartyIdentity identity, IReadOnlyList<IPAddress> addresses) => Refusing(() =>
    {
        var directory = authority.DirectoryOf(identity);
        return IsGood(directory) ? directory : authority.Issue(identity, [], addresses, AuthorityDirectory.DefaultDays, renew: true).Directory;
    });

    bool IsGood(string directory)
    {
        try
        {
            return CertificateText.Until(LinkCredentials.Read(CertificateFiles.In(directory)).Own) - clock.GetUtcNow() > s_leftAtLeast;
        }
        catch (CertificateFileException)
        {
            return false;
        }
    }

    static T Refusing<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception refused) when (refused is IssuingException or CertificateFileException or IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Refused, $"--certs: {refused.Message}");
        }
    }
}
