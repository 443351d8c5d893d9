using Coordinator.Certificates.Links;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Grpc.Core;
using CoordinatorClient = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Cli.Load;

/// <summary>
/// Many clients of the same coordinators, each beginning with another one of them, so that no node gets all requests. A request that gets no answer is repeated until it has one, as clients are told to.
/// </summary>
internal sealed class LoadClients : IDisposable
{
    /// <summary>HTTP/2 connections to each coordinator; each carries 100 requests at a time.</summary>
    const int PerServer = 4;

    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    readonly List<CoordinatorConnection> connections;
    readonly TimeProvider clock;
    long next;
    long repeated;

    public LoadClients(IReadOnlyList<Uri> servers, Patience patience, TimeProvider clock, Func<LinkCertificates?> certificates)
    {
        this.clock = clock;
        connections = [.. Enumerable.Range(0, PerServer * servers.Count).Select(number =>
            new CoordinatorConnection([.. servers.Skip(number % servers.Count), .. servers.Take(number % servers.Count)], patience, clock, certificates()))];
    }

    /// <summary>Times that a request was sent again because nobody had answered it.</summary>
    public long Repeated => Interlocked.Read(ref repeated);

    /// <exception cref="CommandFailure">The answer is a refusal, or nobody has answered for that long.</exception>
    public async Task<T> Ask<T>(Func<CoordinatorClient, CallOptions, AsyncUnaryCall<T>> call, TimeSpan patience, CancellationToken cancellation)
    {
        var asked = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return await connections[(int)((ulong)Interlocked.Increment(ref next) % (ulong)connections.Count)].Ask(call, cancellation);
            }
            catch (CommandFailure silent) when (silent.ExitCode == ExitCode.Unreachable && clock.GetElapsedTime(asked) < patience)
            {
                Interlocked.Increment(ref repeated);
                await Task.Delay(s_pause, clock, cancellation);
            }
        }
    }

    public void Dispose() => connections.ForEach(connection => connection.Dispose());
}
