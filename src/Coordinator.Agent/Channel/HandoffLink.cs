using System.Threading.Channels;
using Coordinator.Agent.Qemu;
using Coordinator.Agent.Sessions;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Grpc.Core;
using Grpc.Net.Client;

namespace Coordinator.Agent.Channel;

/// <summary>
/// The source agent's stream to the destination agent of one VM. Dialled at the rehearsal and kept: nothing is dialled while the guest stands still unless the stream has
/// broken, and then coordinators carry the messages meanwhile.
/// </summary>
internal sealed class HandoffLink(VmSession session) : IAsyncDisposable
{
    private static readonly TimeSpan s_dialLimit = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private Connection? _connection;
    private (string Address, string Host) _dialling = ("", "");
    private string _saidWhyNot = "";
    private Action<DestinationFrame, long>? _onRehearsed;

    /// <summary>Takes the answers of a rehearsal; the others go to the session.</summary>
    public Action<DestinationFrame, long>? OnRehearsed
    {
        set => Volatile.Write(ref _onRehearsed, value);
    }

    /// <summary>Why this side refuses the last one that was dialled, or is refused by it; empty when it was not that.</summary>
    public string Refusal { get; private set; } = "";

    /// <summary>On its way when this returns true; the stream is written on the calling thread.</summary>
    public bool TrySend(SourceFrame frame)
    {
        Connection? connection;
        lock (_gate)
        {
            connection = _connection;
        }

        return connection?.Outbound.Writer.TryWrite(frame) == true;
    }

    /// <summary>Dials in the background unless there is an open stream to this address, or one is being dialled.</summary>
    public void Dial(string address, string host) => _ = ConnectAsync(address, host);

    /// <param name="address">Where the destination's agent listens.</param>
    /// <param name="host">Whose agent must be there; its certificate is to say so.</param>
    /// <returns>True when a stream to this address is open.</returns>
    public async Task<bool> ConnectAsync(string address, string host)
    {
        lock (_gate)
        {
            if (address.Length == 0 || _dialling == (address, host) || (_connection is { IsOpen: true } open && open.Address == address && open.Host == host))
            {
                return _connection is { IsOpen: true };
            }

            _dialling = (address, host);
        }

        Connection? dialled = null;
        try
        {
            dialled = await Connection.OpenAsync(address, host, session.Agent.Certificates, s_dialLimit, session.Stopping);
            _ = ReadAsync(dialled);
        }
        catch (Exception e) when (e is RpcException or UriFormatException or OperationCanceledException or IOException)
        {
            SayWhyNot(address, e);
        }

        Connection? replaced = null;
        lock (_gate)
        {
            _dialling = ("", "");
            if (dialled is not null)
            {
                (replaced, _connection) = (_connection, dialled);
                (_saidWhyNot, Refusal) = ("", "");
            }
        }

        replaced?.Dispose();
        return dialled is not null;
    }

    /// <summary>Once for each reason: a host that is away is dialled every two seconds, for days if it must be.</summary>
    private void SayWhyNot(string address, Exception failure)
    {
        string refusal = PeerRefusedException.In(failure) ?? "";
        string reason = refusal.Length > 0 ? refusal : failure is RpcException rpc ? rpc.Status.Detail : failure.Message;
        Refusal = failure is RpcException { StatusCode: StatusCode.PermissionDenied } ? reason : refusal;
        string said = $"{address}: {reason}";
        if (Interlocked.Exchange(ref _saidWhyNot, said) != said)
        {
            session.Logger.LogInformation("VM {Vm}: no handoff channel to {Address}: {Reason}", session.Vm, address, reason);
        }
    }

    /// <summary>Nothing more is to be said of this attempt; the next one dials anew.</summary>
    public void Close()
    {
        Connection? closed;
        lock (_gate)
        {
            (closed, _connection) = (_connection, null);
        }

        closed?.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private async Task ReadAsync(Connection connection)
    {
        try
        {
            await foreach (DestinationFrame frame in connection.Call.ResponseStream.ReadAllAsync(session.Stopping))
            {
                long received = HostClock.NowMicros();
                if (frame.MessageCase == DestinationFrame.MessageOneofCase.Rehearsed)
                {
                    Volatile.Read(ref _onRehearsed)?.Invoke(frame, received);
                }
                else
                {
                    session.Post(new SessionInput.FromDestination(frame, received));
                }
            }
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or IOException or InvalidOperationException)
        {
            Refusal = e is RpcException { StatusCode: StatusCode.PermissionDenied } refused ? refused.Status.Detail : Refusal;
            session.Logger.LogInformation("VM {Vm}: the handoff channel to {Address} ended: {Reason}", session.Vm, connection.Address, PeerRefusedException.In(e) ?? (e is RpcException rpc ? rpc.Status.Detail : e.Message));
        }
        finally
        {
            lock (_gate)
            {
                _connection = ReferenceEquals(_connection, connection) ? null : _connection;
            }

            connection.Dispose();
        }
    }

    private sealed class Connection : IDisposable
    {
        private readonly GrpcChannel _channel;

        private Connection(string address, string host, GrpcChannel channel, AsyncDuplexStreamingCall<SourceFrame, DestinationFrame> call)
        {
            (Address, Host) = (address, host);
            _channel = channel;
            Call = call;
            _ = WriteAsync();
        }

        public string Address { get; }

        public string Host { get; }

        public AsyncDuplexStreamingCall<SourceFrame, DestinationFrame> Call { get; }

        // Synchronous continuations: the frame is written by the thread that sends it.
        public Channel<SourceFrame> Outbound { get; } =
            System.Threading.Channels.Channel.CreateUnbounded<SourceFrame>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

        public bool IsOpen { get; private set; } = true;

        public static async Task<Connection> OpenAsync(string address, string host, LinkCertificates? certificates, TimeSpan limit, CancellationToken cancellation)
        {
            GrpcChannel channel = GrpcChannel.ForAddress(
                $"{(certificates is null ? "http" : "https")}://{address}", new GrpcChannelOptions { HttpHandler = Handler(host, certificates, limit), DisposeHttpClient = true });
            try
            {
                AsyncDuplexStreamingCall<SourceFrame, DestinationFrame> call = new Handoff.HandoffClient(channel).Open(cancellationToken: cancellation);

                // The listener sends its headers at once: without them nobody is there.
                await call.ResponseHeadersAsync.WaitAsync(limit, cancellation);
                return new Connection(address, host, channel, call);
            }
            catch (TimeoutException)
            {
                channel.Dispose();
                throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"no answer within {limit.TotalMilliseconds:0} ms"));
            }
            catch
            {
                channel.Dispose();
                throw;
            }
        }

        /// <summary>The identity is the proof, not the address: hosts are advertised under addresses that only their networks know.</summary>
        private static SocketsHttpHandler Handler(string host, LinkCertificates? certificates, TimeSpan limit)
        {
            SocketsHttpHandler handler = certificates is null
                ? new SocketsHttpHandler { ConnectTimeout = limit }
                : OutgoingLink.Handler(certificates, to => $"the agent at {to.Host}:{to.Port}", _ => PeerExpectation.AgentOf(host), limit);
            handler.EnableMultipleHttp2Connections = true;
            handler.KeepAlivePingDelay = TimeSpan.FromSeconds(1);
            handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(1);
            handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
            handler.PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan;
            return handler;
        }

        public void Dispose()
        {
            IsOpen = false;
            Outbound.Writer.TryComplete();
            Call.Dispose();
            _channel.Dispose();
        }

        private async Task WriteAsync()
        {
            try
            {
                await foreach (SourceFrame frame in Outbound.Reader.ReadAllAsync())
                {
                    await Call.RequestStream.WriteAsync(frame);
                }
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException or IOException or OperationCanceledException)
            {
                // The reading side learns the reason; what was not written is sent again by whoever needs it.
                IsOpen = false;
                Outbound.Writer.TryComplete();
            }
        }
    }
}
