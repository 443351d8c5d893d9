using System.Net.Security;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Coordinator.Certificates.Listeners;

/// <summary>
/// Kestrel's TLS with both certificates. In the handshake everybody is accepted who has a valid certificate of our authorities; what a role or name may do is judged where it is asked for
/// (<see cref="PeerCalls"/>), because then the answer can be a sentence: TLS has only alerts.
/// </summary>
public static class ListenerCertificates
{
    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(5);

    public static void UseCertificates(this ListenOptions listen, LinkCertificates certificates)
    {
        listen.Use(next => connection => AnnounceAsync(connection, certificates, next));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = s_handshakeLimit,
            OnConnection = context =>
            {
                IncomingLink link = context.Connection.Features.Get<IncomingLink>()!;
                return ValueTask.FromResult(certificates.ForIncoming(PeerExpectation.Anyone, Alpn(listen.Protocols), (peer, refusal) => (link.Peer, link.Refusal) = (peer, refusal)));
            },
        });
        listen.Use(next => connection => EstablishedAsync(connection, certificates, next));
    }

    /// <summary>Before TLS. Kestrel itself is silent about handshakes that fail.</summary>
    private static async Task AnnounceAsync(ConnectionContext connection, LinkCertificates certificates, ConnectionDelegate next)
    {
        IncomingLink link = new();
        connection.Features.Set(link);
        await next(connection);
        if (!link.IsEstablished)
        {
            certificates.Refused(NameOf(connection), link.Refusal ?? "it spoke no TLS, no version that is accepted here (1.3), or ended the handshake itself");
        }
    }

    private static async Task EstablishedAsync(ConnectionContext connection, LinkCertificates certificates, ConnectionDelegate next)
    {
        IncomingLink link = connection.Features.Get<IncomingLink>()!;
        link.IsEstablished = true;
        using IDisposable tracked = certificates.Track(
            link.Peer!, PeerExpectation.Anyone, isServer: false, NameOf(connection), refusal => connection.Abort(new ConnectionAbortedException(refusal)));
        await next(connection);
    }

    private static string NameOf(ConnectionContext connection) => $"the link from {connection.RemoteEndPoint}";

    private static List<SslApplicationProtocol> Alpn(HttpProtocols protocols)
    {
        List<SslApplicationProtocol> offered = [];
        if (protocols.HasFlag(HttpProtocols.Http2))
        {
            offered.Add(SslApplicationProtocol.Http2);
        }

        if (protocols.HasFlag(HttpProtocols.Http1))
        {
            offered.Add(SslApplicationProtocol.Http11);
        }

        return offered;
    }
}
