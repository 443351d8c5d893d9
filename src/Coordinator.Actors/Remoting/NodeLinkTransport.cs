using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote;
using Akka.Remote.Transport;
using Coordinator.Certificates.Identity;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;

namespace Coordinator.Actors.Remoting;

/// <summary>
/// Remoting between coordinators over TLS with both certificates, in the place of Akka's DotNetty transport, whose TLS (looked up in 1.5.74) does not do here: it takes one certificate for the life of
/// the process; its links end at TLS 1.2; and every handshake that fails on an <em>outgoing</em> link shuts the whole node down (<c>TlsHandshakeFailureReason</c>), so that one peer with an expired
/// certificate would take down whoever dials it. Here a certificate is taken up when its file changes, and a refused peer is refused and nothing else.
/// <para>Configured as DotNetty is, in its section, of which it reads hostname, port, public-hostname, public-port, maximum-frame-size, connection-timeout and backlog; addresses stay <c>akka.tcp</c>.</para>
/// </summary>
public sealed class NodeLinkTransport : Transport
{
    /// <summary>Handshakes under way; whoever knocks beyond is turned away at once and may come again.</summary>
    private const int HandshakesAtMost = 64;

    private static readonly TimeSpan s_handshakeLimit = TimeSpan.FromSeconds(5);
    private static readonly PeerExpectation s_nodes = new([PartyRole.Node]);

    private readonly LinkCertificates _certificates;
    private readonly ILoggingAdapter _log;
    private readonly TaskCompletionSource<IAssociationEventListener> _listener = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<NodeLinkHandle, byte> _links = new();
    private readonly SemaphoreSlim _handshakes = new(HandshakesAtMost);
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeSpan _dialLimit;
    private Socket? _listening;

    public NodeLinkTransport(ActorSystem system, Config config)
    {
        System = system;
        Config = config;
        SchemeIdentifier = "tcp";
        MaximumPayloadBytes = config.GetByteSize("maximum-frame-size", null) ?? 128_000;
        _dialLimit = config.GetTimeSpan("connection-timeout", TimeSpan.FromSeconds(15));
        _log = Logging.GetLogger(system, GetType());
        _certificates = system.Settings.Setup.Get<NodeLinkSetup>() is { HasValue: true } setup
            ? setup.Value.Certificates
            : throw new ConfigurationException($"{nameof(NodeLinkTransport)} needs a {nameof(NodeLinkSetup)}");
    }

    public override bool IsResponsibleFor(Address remote) => true;

    public override async Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen()
    {
        string hostname = Config.GetString("hostname");
        IPAddress address = IPAddress.TryParse(hostname, out IPAddress? literal) ? literal : (await Dns.GetHostAddressesAsync(hostname).ConfigureAwait(false))[0];
        try
        {
            _listening = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _listening.Bind(new IPEndPoint(address, Config.GetInt("port")));
            _listening.Listen(Config.GetInt("backlog", 4_096));
        }
        catch (SocketException e)
        {
            throw new RemoteTransportException($"the address for other coordinators, {hostname}:{Config.GetInt("port")}, cannot be bound: {e.Message}", e);
        }

        int port = ((IPEndPoint)_listening.LocalEndPoint!).Port;
        string advertised = Config.GetString("public-hostname", "") is { Length: > 0 } other ? other : hostname;
        int advertisedPort = Config.GetInt("public-port") is > 0 and int otherPort ? otherPort : port;
        _ = AcceptAsync(_listening);
        return (new Address(SchemeIdentifier, System.Name, advertised, advertisedPort), _listener);
    }

    public override async Task<AssociationHandle> Associate(Address remoteAddress)
    {
        string host = remoteAddress.Host ?? "";
        int port = remoteAddress.Port ?? 0;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(_dialLimit);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, limit.Token).ConfigureAwait(false);
            SslStream stream = await OutgoingLink.OpenAsync(
                _certificates, new NetworkStream(socket, ownsSocket: true), $"the coordinator at {host}:{port}", PeerExpectation.NodeAt(host), protocol: null, limit.Token).ConfigureAwait(false);
            return Opened(socket, stream, remoteAddress, tracked: null);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            socket.Dispose();
            // Without the exception itself: Akka logs it with every stack in it, each second as long as the peer is away.
            throw new InvalidAssociationException(e is OperationCanceledException ? $"the coordinator at {host}:{port} did not answer within {_dialLimit.TotalSeconds:0.#} s" : e.Message);
        }
    }

    public override async Task<bool> Shutdown()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listening?.Dispose();
        await Task.WhenAll(_links.Keys.Select(link => link.EndAsync())).ConfigureAwait(false);
        return true;
    }

    private async Task AcceptAsync(Socket listening)
    {
        IAssociationEventListener associations = await _listener.Task.ConfigureAwait(false);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Socket accepted = await listening.AcceptAsync(_stop.Token).ConfigureAwait(false);
                if (_handshakes.Wait(TimeSpan.Zero))
                {
                    _ = GreetAsync(accepted, associations);
                }
                else
                {
                    accepted.Dispose();
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Of the one that knocked (gone already), or of this process (no descriptors left): neither ends the listening.
                _log.Warning("A coordinator could not be let in: {0}", e.Message);
            }
        }
    }

    private async Task GreetAsync(Socket socket, IAssociationEventListener associations)
    {
        string name = "a link that has ended";
        PresentedPeer? peer = null;
        string? refusal = null;
        SslStream? stream = null;
        try
        {
            IPEndPoint from = (IPEndPoint)socket.RemoteEndPoint!;
            name = $"the link from {from} to the coordinators' port";
            socket.NoDelay = true;
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            limit.CancelAfter(s_handshakeLimit);
            stream = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
            await stream.AuthenticateAsServerAsync(_certificates.ForIncoming(s_nodes, [], (presented, why) => (peer, refusal) = (presented, why)), limit.Token).ConfigureAwait(false);
            IDisposable tracked = _certificates.Track(peer!, s_nodes, isServer: false, name, _ => socket.Dispose());
            Address remote = new(SchemeIdentifier, System.Name, from.Address.ToString(), from.Port);
            associations.Notify(new InboundAssociation(Opened(socket, stream, remote, tracked)));
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException or OperationCanceledException or InvalidOperationException)
        {
            if (!_stop.IsCancellationRequested)
            {
                _certificates.Refused(name, refusal ?? $"no TLS handshake came about: {(e is OperationCanceledException ? "nothing was said in time" : e.Message)}");
            }

            await (stream?.DisposeAsync() ?? ValueTask.CompletedTask).ConfigureAwait(false);
            socket.Dispose();
        }
        finally
        {
            _handshakes.Release();
        }
    }

    private NodeLinkHandle Opened(Socket socket, SslStream stream, Address remote, IDisposable? tracked)
    {
        IPEndPoint local = (IPEndPoint)socket.LocalEndPoint!;
        NodeLinkHandle link = new(
            new Address(SchemeIdentifier, System.Name, Config.GetString("hostname"), local.Port), remote, socket, stream, (int)MaximumPayloadBytes, (ended, refusal) =>
            {
                _links.TryRemove(ended, out _);
                tracked?.Dispose();
                if (refusal is not null)
                {
                    _log.Warning("A link to {0} is refused: {1}", remote, refusal);
                }
            });
        _links[link] = 0;
        link.Start();
        return link;
    }
}
