using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Certificates.Files;

namespace Coordinator.Certificates.Tests.Support;

/// <summary>Listens where somebody else is meant to, with this certificate, and takes everybody in. Without one it speaks plain TCP.</summary>
internal sealed class Impostor : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    private Impostor(string? directory)
    {
        _listener.Start();
        _ = TakeInAsync(directory is null ? null : CertificateIn(directory));
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static Impostor With(string? directory) => new(directory);

    public static X509Certificate2 CertificateIn(string directory) =>
        X509Certificate2.CreateFromPemFile(Path.Combine(directory, CertificateFiles.CertificateName), Path.Combine(directory, CertificateFiles.KeyName));

    public void Dispose() => _listener.Dispose();

    private async Task TakeInAsync(X509Certificate2? certificate)
    {
        while (true)
        {
            try
            {
                _ = GreetAsync(await _listener.AcceptTcpClientAsync(), certificate);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static async Task GreetAsync(TcpClient client, X509Certificate2? certificate)
    {
        using (client)
        {
            try
            {
                if (certificate is null)
                {
                    await client.GetStream().WriteAsync("220 at your service\r\n"u8.ToArray());
                    return;
                }

                using SslStream stream = new(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
                await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
                {
                    ServerCertificate = certificate,
                    ClientCertificateRequired = true,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                });
                _ = await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false);
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // The dialler has refused us, as it should.
            }
        }
    }
}
