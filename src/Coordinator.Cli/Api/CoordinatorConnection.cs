using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Coordinator.Cli.Outcomes;
using Grpc.Core;
using Grpc.Net.Client;
using CoordinatorClient = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Cli.Api;

/// <summary>How long to go on trying. Defaults fit a fail-over of a coordinator node; tests shorten them.</summary>
/// <param name="Call">One try of a request; starting a VM is answered within 15 s plus the entity's 8 s.</param>
/// <param name="Recovery">While some coordinator answers "not yet", or a watch has lost its server.</param>
/// <param name="Pause">Between rounds over all servers.</param>
internal sealed record Patience(TimeSpan Call, TimeSpan Recovery, TimeSpan Pause)
{
    public static readonly Patience Default = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60), TimeSpan.FromMilliseconds(250));
}

/// <summary>
/// The coordinators behind one client: the next one is asked when one is unreachable. Sending a request twice is safe because every request that changes something carries
/// an id chosen once. By hand, because gRPC's own load balancing retries within one service name and cannot tell "unreachable" from "not yet".
/// </summary>
internal sealed class CoordinatorConnection : IDisposable
{
    static readonly TimeSpan s_dialLimit = TimeSpan.FromSeconds(2);

    readonly LinkCertificates? certificates;
    readonly List<(Uri Address, GrpcChannel Channel)> servers;
    int current;

    public CoordinatorConnection(IReadOnlyList<Uri> addresses, Patience patience, TimeProvider clock, LinkCertificates? certificates = null)
    {
        this.certificates = certificates;
        Patience = patience;
        Clock = clock;
        servers = [.. addresses.Select(address => (address, Open(address, certificates)))];
    }

    public Patience Patience { get; }

    public TimeProvider Clock { get; }

    public int Servers => servers.Count;

    public Uri Current => servers[current].Address;

    public CoordinatorClient Client => new(servers[current].Channel);

    public void UseNext() => current = (current + 1) % servers.Count;

    /// <exception cref="CommandFailure">Nobody answers, or the answer is a refusal.</exception>
    public async Task<T> Ask<T>(Func<CoordinatorClient, CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellation)
    {
        var started = Clock.GetTimestamp();
        List<string> unreachable = [];
        while (true)
        {
            try
            {
                using var asked = call(Client, new CallOptions(deadline: DateTime.UtcNow + Patience.Call, cancellationToken: cancellation));
                return await asked;
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException("interrupted", refused, cancellation);
            }
            catch (RpcException refused) when (IsAway(refused))
            {
                if (ApiFailure.RetryAfter(refused) is { } wait)
                {
                    if (Clock.GetElapsedTime(started) + wait > Patience.Recovery)
                        throw ApiFailure.Of(refused);
                    unreachable.Clear();
                    await Task.Delay(wait, Clock, cancellation);
                    UseNext();
                    continue;
                }
                unreachable.Add($"{Current} ({Unreachability(refused)})");
                UseNext();
                if (unreachable.Count >= servers.Count)
                    throw new CommandFailure(ExitCode.Unreachable, NobodyAnswers(unreachable));
            }
            catch (RpcException refused)
            {
                throw ApiFailure.Of(refused);
            }
        }
    }

    /// <summary>One whose certificate we refuse is not there for us either; nor is one whose connection broke under the request, or that answered no ping.</summary>
    public static bool IsAway(RpcException refused) =>
        refused.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded || IsTransport(refused.Status.DebugException);

    /// <summary>Then no coordinator has said it: gRPC calls a ping that was not answered "Internal", like an error of the server's own.</summary>
    static bool IsTransport(Exception? cause) =>
        cause is HttpRequestException or IOException or PeerRefusedException or PeerClosedException || (cause?.InnerException is { } inner && IsTransport(inner));

    /// <summary>What the transport says, shortened to the cause: gRPC's own text repeats the type of every nested exception.</summary>
    public static string Unreachability(RpcException refused)
    {
        if (PeerRefusedException.In(refused.Status.DebugException) is { } sentence)
            return sentence;
        for (var cause = refused.Status.DebugException; cause is not null; cause = cause.InnerException)
            if (cause is System.Net.Sockets.SocketException or HttpRequestException { InnerException: null })
                return cause.Message;
        return refused.StatusCode == StatusCode.DeadlineExceeded ? "no answer in time" : refused.Status.Detail;
    }

    /// <summary>The certificates with it.</summary>
    public void Dispose()
    {
        servers.ForEach(server => server.Channel.Dispose());
        certificates?.Dispose();
    }

    static string NobodyAnswers(IReadOnlyList<string> unreachable) =>
        $"no coordinator answers at {string.Join(", ", unreachable)}; start one with 'coordctl up', or name it with --server or {ServerAddresses.Variable}";

    internal static GrpcChannel Open(Uri address, LinkCertificates? certificates)
    {
        var handler = certificates is null
            ? new SocketsHttpHandler { ConnectTimeout = s_dialLimit }
            : OutgoingLink.Handler(certificates, to => $"the coordinator at {to.Host}:{to.Port}", PeerExpectation.NodeAt, s_dialLimit);
        // A coordinator that hangs, or whose host is gone, must not hold a watch for ever.
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(2);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(2);
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
