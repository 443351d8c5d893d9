using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Net.Client;

namespace Coordinator.Certificates.Tests.Support;

/// <summary>Dials with this certificate or none, and asks nothing of whom it finds.</summary>
internal static class Intruder
{
    public static GrpcChannel Channel(int port, string? directory)
    {
        SocketsHttpHandler handler = new();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        if (directory is not null)
        {
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(Impostor.CertificateIn(directory), null, offline: true);
        }

        return GrpcChannel.ForAddress($"https://127.0.0.1:{port}", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    /// <summary>TLS without a protocol above it, until the other side ends it.</summary>
    public static async Task KnockAsync(int port, string? directory)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
        using SslStream stream = new(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        try
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1",
                ClientCertificateContext = directory is null ? null : SslStreamCertificateContext.Create(Impostor.CertificateIn(directory), null, offline: true),
            });
            Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Ended by a reset or an alert instead.
        }
    }

    /// <summary>No TLS at all, until the other side ends it.</summary>
    public static async Task ShoutAsync(int port)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
        try
        {
            await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            byte[] answer = new byte[256];
            while (await client.GetStream().ReadAsync(answer) > 0)
            {
                // An alert, perhaps.
            }
        }
        catch (IOException)
        {
            // Ended by a reset instead.
        }
    }
}
