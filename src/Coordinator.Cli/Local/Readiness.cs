using System.Globalization;
using Coordinator.Certificates.Links;
using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using CoordinatorClient = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Cli.Local;

/// <summary>Waits for what was started: every coordinator says that it serves, every agent's host is connected.</summary>
internal sealed class Readiness(IReadOnlyList<Uri> servers, TimeSpan within, TimeProvider clock, LinkCertificates? certificates = null) : IDisposable
{
    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan s_askWithin = TimeSpan.FromSeconds(3);

    readonly long started = clock.GetTimestamp();
    readonly List<(Uri Address, GrpcChannel Channel)> channels = [.. servers.Select(server => (server, CoordinatorConnection.Open(server, certificates)))];

    public TimeSpan Elapsed => clock.GetElapsedTime(started);

    public async Task Serving(IReadOnlyList<SupervisedPart> parts, CancellationToken cancellation)
    {
        foreach (var (address, channel) in channels)
            await Until(async () => await Health(channel, cancellation) is { } trouble ? $"the coordinator at {address} does not serve: {trouble}" : null, parts, cancellation);
    }

    public async Task Connected(IReadOnlyList<LocalHost> hosts, IReadOnlyList<SupervisedPart> parts, CancellationToken cancellation)
    {
        var first = new CoordinatorClient(channels[0].Channel);
        await Until(async () =>
        {
            var connected = (await Hosts(first, cancellation)).Where(host => host.Connected).Select(host => host.Name).ToHashSet(StringComparer.Ordinal);
            return hosts.Where(host => !connected.Contains(host.Name)).ToList() is [_, ..] missing
                ? $"no agent has connected for {string.Join(", ", missing.Select(host => $"{host.Name} ({host.ConfigurationFile})"))}; its 'coordinators' must name {string.Join(", ", servers)}"
                : null;
        }, parts, cancellation);
    }

    public void Dispose()
    {
        channels.ForEach(server => server.Channel.Dispose());
        certificates?.Dispose();
    }

    /// <param name="trouble">Null when all is well.</param>
    async Task Until(Func<Task<string?>> trouble, IReadOnlyList<SupervisedPart> parts, CancellationToken cancellation)
    {
        while (await trouble() is { } seen)
        {
            if (parts.FirstOrDefault(part => part.HasExited) is { } dead)
                throw new CommandFailure(ExitCode.Failed, dead.Death);
            if (Elapsed > within)
                throw new CommandFailure(ExitCode.Failed, string.Create(CultureInfo.InvariantCulture, $"not ready within {within.TotalSeconds:0} s: {seen}; see {Path.GetDirectoryName(parts[^1].Log)}"));
            await Task.Delay(s_pause, clock, cancellation);
        }
    }

    static async Task<string?> Health(GrpcChannel channel, CancellationToken cancellation)
    {
        try
        {
            var answer = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), deadline: DateTime.UtcNow + s_askWithin, cancellationToken: cancellation);
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? null : answer.Status.ToString();
        }
        catch (RpcException away) when (!cancellation.IsCancellationRequested)
        {
            return Api.CoordinatorConnection.Unreachability(away);
        }
        catch (RpcException interrupted)
        {
            throw new OperationCanceledException("interrupted", interrupted, cancellation);
        }
    }

    static async Task<IEnumerable<Host>> Hosts(CoordinatorClient client, CancellationToken cancellation)
    {
        try
        {
            return (await client.ListHostsAsync(new ListHostsRequest(), deadline: DateTime.UtcNow + s_askWithin, cancellationToken: cancellation)).Hosts;
        }
        catch (RpcException) when (!cancellation.IsCancellationRequested)
        {
            return [];
        }
        catch (RpcException interrupted)
        {
            throw new OperationCanceledException("interrupted", interrupted, cancellation);
        }
    }
}
