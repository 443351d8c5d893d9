using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Verification;

namespace Coordinator.Certificates.Links;

/// <summary>A link that this side has dialled: TLS with both certificates, the peer judged, and judged anew whenever the files change.</summary>
public static class OutgoingLink
{
    /// <param name="certificates">Ours.</param>
    /// <param name="transport">Connected; disposed with the link, and when this fails.</param>
    /// <param name="peerName">For sentences, e.g. "the coordinator at 10.0.0.2:4050".</param>
    /// <param name="expected">Who must be there.</param>
    /// <param name="protocol">ALPN, or null.</param>
    /// <param name="cancellation">Limits the handshake.</param>
    /// <exception cref="PeerRefusedException">This side refuses the peer's certificate.</exception>
    /// <exception cref="PeerClosedException">The peer has ended it, or speaks no TLS.</exception>
    public static async Task<SslStream> OpenAsync(
        LinkCertificates certificates, Stream transport, string peerName, PeerExpectation expected, SslApplicationProtocol? protocol, CancellationToken cancellation)
    {
        OutgoingTls link = new(transport, peerName, CertificateText.Of(certificates.Current.Own));
        PresentedPeer? peer = null;
        string? refusal = null;
        try
        {
            await link.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    ClientCertificateContext = certificates.Current.Context,
                    TargetHost = expected.Address ?? "",
                    EnabledSslProtocols = TlsRules.Protocols,
                    ApplicationProtocols = protocol is { } alpn ? [alpn] : null,
                    CertificateChainPolicy = TlsRules.ChainPolicy(certificates.Current),
                    AllowTlsResume = false,
                    RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                    {
                        peer = PresentedPeer.Of(certificate, chain);
                        refusal = certificates.Refusal(peer, expected, isServer: true);
                        return refusal is null;
                    },
                },
                cancellation);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or InvalidOperationException)
        {
            await link.DisposeAsync();
            if (refusal is not null)
            {
                certificates.Refused(peerName, refusal);
                throw new PeerRefusedException($"{peerName}: {refusal}", e);
            }

            throw new PeerClosedException($"{peerName} ended the TLS handshake: it speaks no TLS, or refuses {link.Own}; its log says why ({e.Message})", e);
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }

        link.Tracked = certificates.Track(peer!, expected, isServer: true, $"the link to {peerName}", _ => transport.Dispose());
        return link;
    }

    /// <summary>For gRPC: HTTP/2 over links of this kind. Addresses are https:// ones.</summary>
    /// <param name="certificates">Ours.</param>
    /// <param name="peerName">Of the peer at an address, for sentences.</param>
    /// <param name="expected">Of the peer at the host of an address.</param>
    /// <param name="limit">For connecting, handshake included.</param>
    /// <param name="dial">Instead of an ordinary socket; for tests in network namespaces.</param>
    public static SocketsHttpHandler Handler(
        LinkCertificates certificates, Func<DnsEndPoint, string> peerName, Func<string, PeerExpectation> expected, TimeSpan limit, Func<DnsEndPoint, CancellationToken, ValueTask<Stream>>? dial = null) => new()
        {
            ConnectTimeout = limit,
            ConnectCallback = async (context, cancellation) =>
            {
                Stream transport = await (dial ?? DialAsync)(context.DnsEndPoint, cancellation);
                return await OpenAsync(certificates, transport, peerName(context.DnsEndPoint), expected(context.DnsEndPoint.Host), SslApplicationProtocol.Http2, cancellation);
            },
        };

    private static async ValueTask<Stream> DialAsync(DnsEndPoint to, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>With TLS 1.3 the dialling side is through with its handshake before the other side has seen its certificate: a refusal shows as an end before the first byte.</summary>
    private sealed class OutgoingTls(Stream transport, string peerName, string own) : SslStream(transport, leaveInnerStreamOpen: false)
    {
        private bool _hasHeard;

        public string Own => own;

        public IDisposable? Tracked { get; set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_hasHeard || buffer.Length == 0)
            {
                return await base.ReadAsync(buffer, cancellationToken);
            }

            int read;
            try
            {
                read = await base.ReadAsync(buffer, cancellationToken);
            }
            catch (IOException e)
            {
                throw Refused(e);
            }

            _hasHeard = true;
            return read > 0 ? read : throw Refused(null);
        }

        protected override void Dispose(bool disposing)
        {
            Tracked?.Dispose();
            base.Dispose(disposing);
        }

        public override async ValueTask DisposeAsync()
        {
            Tracked?.Dispose();
            await base.DisposeAsync();
        }

        private PeerClosedException Refused(Exception? cause) =>
            new($"{peerName} ended the link right after the TLS handshake, as one does that refuses {own}; its log says why{(cause is null ? "" : $" ({cause.Message})")}", cause);
    }
}
