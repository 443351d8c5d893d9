using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;

namespace Coordinator.Certificates.Verification;

/// <summary>
/// The judgement over a peer's certificate: signature of our own authorities, time, use, revocation, role, name, in this order, so that nothing that an unknown authority
/// asserts is repeated as a reason. One sentence for people.
/// </summary>
public static class PeerVerification
{
    private static readonly Oid s_serverUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid s_clientUse = new("1.3.6.1.5.5.7.3.2");

    /// <param name="credentials">Ours.</param>
    /// <param name="peer">Null: none was presented.</param>
    /// <param name="sent">Intermediates that the peer sent.</param>
    /// <param name="expected">Who may be there.</param>
    /// <param name="isServer">The peer is the one that was dialled.</param>
    /// <param name="now">Null: a link that is there already. What has only expired since does not end it (a guest may be standing still behind it), what is revoked or no longer of our authorities does.</param>
    /// <returns>Null: accepted.</returns>
    public static string? Refusal(LinkCredentials credentials, X509Certificate2? peer, X509Certificate2Collection? sent, PeerExpectation expected, bool isServer, DateTimeOffset? now)
    {
        if (peer is null)
        {
            return $"no certificate was presented where one of role {expected.RolesText} is expected";
        }

        string? reason = ChainProblem(credentials, peer, sent, isServer, now) ?? IdentityProblem(peer, expected);
        return reason is null ? null : $"{CertificateText.Of(peer)} is refused: {reason}";
    }

    /// <returns>Why this certificate may not do what is asked for, null when it may. For what is judged after the handshake, when the answer can be told in words.</returns>
    public static string? IdentityProblem(X509Certificate2 peer, PeerExpectation expected)
    {
        if (PartyIdentity.Of(peer) is not { } identity)
        {
            return "it names no party of ours (one URI coordinator://ROLE/NAME)";
        }

        if (!expected.Roles.Contains(identity.Role))
        {
            return $"role {PartyIdentity.Word(identity.Role)} where {expected.RolesText} is expected";
        }

        if (expected.Name is { } name && name != identity.Name)
        {
            return $"{(identity.Role == PartyRole.Agent ? "host" : PartyIdentity.Word(identity.Role))} '{identity.Name}' where '{name}' is expected";
        }

        return expected.Address is { } address && !peer.MatchesHostname(address, allowWildcards: false, allowCommonName: false)
            ? $"it is not for the address {address}, which was dialled, but for {AddressesOf(peer)}"
            : null;
    }

    private static string? ChainProblem(LinkCredentials credentials, X509Certificate2 peer, X509Certificate2Collection? sent, bool isServer, DateTimeOffset? now)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(credentials.Authorities);
        chain.ChainPolicy.ExtraStore.AddRange(sent ?? []);
        chain.ChainPolicy.DisableCertificateDownloads = true;

        // By our own lists, below: .NET's chain reads none but those in the user's cache directory.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(isServer ? s_serverUse : s_clientUse);
        if (now is { } at)
        {
            chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        }
        else
        {
            chain.ChainPolicy.VerificationFlags |= X509VerificationFlags.IgnoreNotTimeValid;
        }

        bool isGood = chain.Build(peer);
        X509ChainStatusFlags status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        if (status.HasFlag(X509ChainStatusFlags.PartialChain) || status.HasFlag(X509ChainStatusFlags.UntrustedRoot) || status.HasFlag(X509ChainStatusFlags.NotSignatureValid))
        {
            return $"its authority '{CertificateText.Subject(peer.IssuerName)}' is none of those in {credentials.Files.Authorities}";
        }

        if (!isGood)
        {
            return (now is { } time ? TimeProblem(chain, time) : null)
                ?? (status.HasFlag(X509ChainStatusFlags.NotValidForUsage)
                    ? $"it may not be used as a {(isServer ? "server" : "client")} (extended key usage)"
                    : string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation.Trim())));
        }

        if (peer.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
        {
            return "it may not sign (key usage without digitalSignature)";
        }

        return credentials.Revoked is { } lists
            ? Enumerable.Range(0, chain.ChainElements.Count - 1)
                .Select(i => lists.Problem(chain.ChainElements[i].Certificate, chain.ChainElements[i + 1].Certificate, now))
                .FirstOrDefault(problem => problem is not null)
            : null;
    }

    private static string? TimeProblem(X509Chain chain, DateTimeOffset now)
    {
        for (int i = 0; i < chain.ChainElements.Count; i++)
        {
            X509Certificate2 certificate = chain.ChainElements[i].Certificate;
            string whose = i == 0 ? "" : $"its authority '{CertificateText.Subject(certificate.SubjectName)}' is ";
            if (now < CertificateText.From(certificate))
            {
                return $"{whose}not valid before {CertificateText.Time(CertificateText.From(certificate))} (here it is {CertificateText.Time(now)})";
            }

            if (now > CertificateText.Until(certificate))
            {
                return $"{whose}expired since {CertificateText.Time(CertificateText.Until(certificate))} (here it is {CertificateText.Time(now)})";
            }
        }

        return null;
    }

    private static string AddressesOf(X509Certificate2 certificate)
    {
        string[] names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(ip => ip.ToString())))];
        return names.Length == 0 ? "none" : string.Join(", ", names);
    }
}
