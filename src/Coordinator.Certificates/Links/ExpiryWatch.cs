using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Microsoft.Extensions.Logging;

namespace Coordinator.Certificates.Links;

/// <summary>Warns once a day of what is about to expire or has: a month ahead, or a third of its life for what lives shorter than three months.</summary>
internal sealed partial class ExpiryWatch(ILogger logger)
{
    private static readonly TimeSpan s_ahead = TimeSpan.FromDays(30);
    private static readonly TimeSpan s_again = TimeSpan.FromDays(1);

    private readonly Dictionary<string, DateTimeOffset> _said = new(StringComparer.Ordinal);

    public void Look(LinkCredentials credentials, DateTimeOffset now)
    {
        Look(CertificateText.Of(credentials.Own), credentials.Files.Certificate, CertificateText.Until(credentials.Own), LifeOf(credentials.Own), now);
        foreach (X509Certificate2 authority in credentials.Authorities)
        {
            Look(CertificateText.Of(authority), credentials.Files.Authorities, CertificateText.Until(authority), LifeOf(authority), now);
        }

        if (credentials.Revoked?.ExpiresAt is { } lists)
        {
            Look("the revocation list, without which no peer is accepted,", credentials.Files.Revoked!, lists, TimeSpan.MaxValue, now);
        }
    }

    private static TimeSpan LifeOf(X509Certificate2 certificate) => CertificateText.Until(certificate) - CertificateText.From(certificate);

    private void Look(string what, string file, DateTimeOffset until, TimeSpan life, DateTimeOffset now)
    {
        TimeSpan ahead = life / 3 < s_ahead ? life / 3 : s_ahead;
        if (until - now > ahead || (_said.TryGetValue(what, out DateTimeOffset said) && now - said < s_again))
        {
            return;
        }

        _said[what] = now;
        LogExpiring(what, file, now < until ? "expires" : "has expired", CertificateText.Time(until));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{What} in {File} {Word} at {Until}; a newer one put in its place is taken up without a restart")]
    private partial void LogExpiring(string what, string file, string word, string until);
}
