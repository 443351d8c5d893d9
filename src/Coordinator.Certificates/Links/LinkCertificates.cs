using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Verification;
using Microsoft.Extensions.Logging;

namespace Coordinator.Certificates.Links;

/// <summary>
/// One party's certificates as its links use them: what the files hold now. Files are read again every second (their whole content, so that it does not matter how they were replaced: in place,
/// by rename, behind a symbolic link); new links use the new ones. Files that cannot be used leave the ones before in force. After each change every link that is there is judged anew.
/// </summary>
public sealed partial class LinkCertificates : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    private readonly Lock _reading = new();
    private readonly ConcurrentDictionary<EstablishedLink, byte> _links = new();
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly ExpiryWatch _expiry;
    private readonly RefusalLog _refusals;
    private readonly ITimer _timer;
    private LinkCredentials _current;
    private string _seen;

    private LinkCertificates(LinkCredentials current, string seen, ILogger logger, TimeProvider clock)
    {
        (_current, _seen, _logger, _clock) = (current, seen, logger, clock);
        _expiry = new ExpiryWatch(logger);
        _refusals = new RefusalLog(logger, clock);
        _timer = clock.CreateTimer(_ => Reread(), null, s_look, s_look);
    }

    public LinkCredentials Current => Volatile.Read(ref _current);

    public PartyIdentity Identity => Current.Identity;

    /// <summary>How many links are judged anew when the files change.</summary>
    public int EstablishedLinks => _links.Count;

    /// <param name="files">Read at once.</param>
    /// <param name="logger">Told of reloads, refused links, and certificates that are about to expire.</param>
    /// <param name="clock">For validity and the next look at the files.</param>
    /// <exception cref="CertificateFileException">They cannot be used. One that has expired can: whoever has to look after guests starts all the same, and its peers say what they think of it.</exception>
    public static LinkCertificates Open(CertificateFiles files, ILogger logger, TimeProvider? clock = null)
    {
        string seen = Fingerprint(files);
        LinkCertificates opened = new(LinkCredentials.Read(files), seen, logger, clock ?? TimeProvider.System);
        opened.Opened();
        return opened;
    }

    /// <summary>Looks at the files now; the timer calls it too.</summary>
    public void Reread()
    {
        // A look that takes long (a slow network file system) is not overtaken by the next one.
        if (!_reading.TryEnter())
        {
            return;
        }

        try
        {
            _expiry.Look(Current, _clock.GetUtcNow());
            string found = Fingerprint(Current.Files);
            if (found != _seen)
            {
                _seen = found;
                Replace();
            }
        }
        finally
        {
            _reading.Exit();
        }
    }

    /// <returns>Null: accepted.</returns>
    public string? Refusal(PresentedPeer? peer, PeerExpectation expected, bool isServer) =>
        PeerVerification.Refusal(Current, peer?.Certificate, peer?.Sent, expected, isServer, _clock.GetUtcNow());

    /// <summary>Options of one incoming link; made anew for each, with the certificate that is in force then.</summary>
    /// <param name="expected">Who may come.</param>
    /// <param name="protocols">ALPN; empty for none.</param>
    /// <param name="judged">Told the peer's certificate and why it is refused, or null.</param>
    public SslServerAuthenticationOptions ForIncoming(PeerExpectation expected, List<SslApplicationProtocol> protocols, Action<PresentedPeer?, string?> judged)
    {
        LinkCredentials credentials = Current;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = credentials.Context,
            ClientCertificateRequired = true,
            EnabledSslProtocols = TlsRules.Protocols,
            ApplicationProtocols = protocols.Count > 0 ? protocols : null,
            CertificateChainPolicy = TlsRules.ChainPolicy(credentials),

            // Every link is judged anew, and so is its certificate.
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                PresentedPeer? peer = PresentedPeer.Of(certificate, chain);
                string? refusal = Refusal(peer, expected, isServer: false);
                judged(peer, refusal);
                return refusal is null;
            },
        };
    }

    /// <summary>Judges this link anew whenever the files change; dispose when the link has ended.</summary>
    /// <param name="peer">As the link was accepted.</param>
    /// <param name="expected">As then.</param>
    /// <param name="isServer">The peer was dialled.</param>
    /// <param name="name">For the log, e.g. "the link from 10.0.0.7:40022".</param>
    /// <param name="close">Ends the link.</param>
    public IDisposable Track(PresentedPeer peer, PeerExpectation expected, bool isServer, string name, Action<string> close)
    {
        EstablishedLink link = new(peer, expected, isServer, name, close, ended => _links.TryRemove(ended, out _));
        _links[link] = 0;
        return link;
    }

    /// <summary>Logged once a minute for the same sentence: who is refused tries again.</summary>
    public void Refused(string link, string why) => _refusals.Say(link, why);

    public void Dispose() => _timer.Dispose();

    private void Opened()
    {
        LogOpened(CertificateText.Of(Current.Own), CertificateText.Time(CertificateText.Until(Current.Own)));
        CheckOwn(Current);
        _expiry.Look(Current, _clock.GetUtcNow());
        if ((File.GetUnixFileMode(Current.Files.Key) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != UnixFileMode.None)
        {
            LogOpenKey(Current.Files.Key);
        }
    }

    private void Replace()
    {
        LinkCredentials before = Current;
        try
        {
            LinkCredentials next = LinkCredentials.Read(before.Files);
            if (next.Identity != before.Identity)
            {
                throw new CertificateFileException($"{before.Files.Certificate}: this is the certificate of {next.Identity}, and this process is {before.Identity}");
            }

            if (before.Revoked is not null && next.Revoked is null)
            {
                throw new CertificateFileException($"{before.Files.Revoked} is gone");
            }

            Volatile.Write(ref _current, next);
            LogReloaded(CertificateText.Of(next.Own), CertificateText.Time(CertificateText.Until(next.Own)));
            CheckOwn(next);
        }
        catch (CertificateFileException e)
        {
            LogKept(e.Message, CertificateText.Of(before.Own));
            return;
        }

        foreach (EstablishedLink link in _links.Keys)
        {
            if (PeerVerification.Refusal(Current, link.Peer.Certificate, link.Peer.Sent, link.Expected, link.IsServer, now: null) is { } refusal)
            {
                LogEnded(link.Name, refusal);
                link.Close(refusal);
            }
        }
    }

    /// <summary>What peers with the same authorities will say of us, said here first.</summary>
    private void CheckOwn(LinkCredentials credentials)
    {
        X509Certificate2Collection sent = [.. credentials.Context.IntermediateCertificates];
        if (PeerVerification.Refusal(credentials, credentials.Own, sent, new PeerExpectation([credentials.Identity.Role]), isServer: false, _clock.GetUtcNow()) is { } refusal)
        {
            LogOwnBad(refusal);
        }
    }

    /// <summary>Empty for a file that cannot be read: that is a change too, and the reason is said by whoever reads it for use.</summary>
    private static string Fingerprint(CertificateFiles files)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in files.All)
        {
            try
            {
                byte[] content = File.ReadAllBytes(file);
                hash.AppendData(BitConverter.GetBytes(content.Length));
                hash.AppendData(content);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                hash.AppendData(BitConverter.GetBytes(-1));
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Links are encrypted and authenticated with {Certificate}, valid until {Until}")]
    private partial void LogOpened(string certificate, string until);

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate files have changed: new links use {Certificate}, valid until {Until}")]
    private partial void LogReloaded(string certificate, string until);

    [LoggerMessage(Level = LogLevel.Error, Message = "The changed certificate files cannot be used: {Reason}. In force stays {Certificate} with its authorities and revocation lists")]
    private partial void LogKept(string reason, string certificate);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Link} is ended: {Reason}")]
    private partial void LogEnded(string link, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Peers will refuse this process: {Refusal}")]
    private partial void LogOwnBad(string refusal);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The private key {File} can be read or changed by every user of this machine; its mode should be 0600")]
    private partial void LogOpenKey(string file);
}
