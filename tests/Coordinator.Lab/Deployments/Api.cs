using System.Net;
using System.Net.Sockets;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Coordinator.Contracts.Api;
using Grpc.Core;
using Grpc.Net.Client;
using Client = Coordinator.Contracts.Api.Coordinator.CoordinatorClient;

namespace Coordinator.Lab.Deployments;

/// <summary>
/// The coordinators' public API, as a client of all of them uses it: a node that does not answer is passed over and the same request, with the same id, goes to the next.
/// </summary>
public sealed class Api : IDisposable
{
    /// <summary>Generous: the machines that run tests are shared, and a limit only ends what has failed.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan s_dialLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_callLimit = TimeSpan.FromSeconds(20);

    private readonly List<GrpcChannel> _channels;
    private readonly List<Client> _clients;
    private readonly Func<string> _log;
    private int _next;

    /// <param name="networkNamespace">Where the coordinators are.</param>
    /// <param name="addresses">Of all of them.</param>
    /// <param name="certificates">The client's.</param>
    /// <param name="log">What a failure to answer shows.</param>
    public Api(string networkNamespace, IEnumerable<string> addresses, LinkCertificates certificates, Func<string> log)
    {
        _log = log;
        _channels = [.. addresses.Select(address => GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = Handler(networkNamespace, certificates),
            DisposeHttpClient = true,
        }))];
        _clients = [.. _channels.Select(channel => new Client(channel))];
    }

    public Task<VirtualMachine> StartVmAsync(string host, string definition)
    {
        StartVirtualMachineRequest request = new() { RequestId = NewId(), Host = host, DefinitionYaml = definition };
        return AskAsync((client, options) => client.StartVirtualMachineAsync(request, options));
    }

    public Task<VirtualMachine> StopVmAsync(string vm)
    {
        StopVirtualMachineRequest request = new() { RequestId = NewId(), Name = vm };
        return AskAsync((client, options) => client.StopVirtualMachineAsync(request, options));
    }

    public Task<VirtualMachine> VmAsync(string vm) => AskAsync((client, options) => client.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = vm }, options));

    public async Task<IReadOnlyList<Host>> HostsAsync() => (await AskAsync((client, options) => client.ListHostsAsync(new ListHostsRequest(), options))).Hosts;

    /// <summary>What this one node says, or null when it does not answer.</summary>
    public async Task<IReadOnlyList<Host>?> HostsOfAsync(int node)
    {
        try
        {
            return (await _clients[node].ListHostsAsync(new ListHostsRequest(), Options())).Hosts;
        }
        catch (RpcException)
        {
            return null;
        }
    }

    /// <summary>The cluster as this one node sees it, or null when it does not answer.</summary>
    public async Task<Cluster?> ClusterOfAsync(int node)
    {
        try
        {
            return await _clients[node].GetClusterAsync(new GetClusterRequest(), Options());
        }
        catch (RpcException)
        {
            return null;
        }
    }

    /// <param name="vm">Which.</param>
    /// <param name="destination">Its name.</param>
    /// <param name="policy">Null for the coordinators' own.</param>
    /// <param name="requestId">Of a request that may have been made before; null for a new one.</param>
    public Task<Migration> MigrateAsync(string vm, string destination, MigrationPolicy? policy = null, string? requestId = null)
    {
        StartMigrationRequest request = new() { RequestId = requestId ?? NewId(), Vm = vm, DestinationHost = destination, Policy = policy };
        return AskAsync((client, options) => client.StartMigrationAsync(request, options));
    }

    public Task<Migration> CancelAsync(string vm)
    {
        CancelMigrationRequest request = new() { RequestId = NewId(), Vm = vm };
        return AskAsync((client, options) => client.CancelMigrationAsync(request, options));
    }

    /// <summary>A node is told to leave in order, by any other.</summary>
    public async Task LeaveAsync(string node, string clusterAddress) =>
        await AskAsync((client, options) => client.LeaveNodeAsync(new LeaveNodeRequest { Node = clusterAddress, By = "ann", Reason = $"restart of {node}" }, options));

    /// <summary>By the word of a person.</summary>
    public async Task<Migration> ProveHostOffAsync(string vm, string host)
    {
        ProveHostOffRequest request = new() { RequestId = NewId(), Vm = vm, Attempt = (await MigrationAsync(vm)).Attempt, Host = host, By = "ann", Proof = "pulled the plug" };
        return await AskAsync((client, options) => client.ProveHostOffAsync(request, options));
    }

    /// <summary>Of the doubt that is there now.</summary>
    public async Task<Migration> ResolveAsync(string vm, string choice, ReleaseRecord? record = null, params IReadOnlyList<string> disks)
    {
        ResolveDoubtRequest request = new() { RequestId = NewId(), Vm = vm, Attempt = (await MigrationAsync(vm)).Attempt, Choice = choice, By = "ann", Proof = "looked at both hosts", Record = record };
        request.Disks.AddRange(disks);
        return await AskAsync((client, options) => client.ResolveDoubtAsync(request, options));
    }

    public Task<Migration> MigrationAsync(string vm, string id = "") =>
        AskAsync((client, options) => client.GetMigrationAsync(new GetMigrationRequest { Vm = vm, MigrationId = id }, options));

    /// <summary>The first look at the newest migration of this VM that is as wanted; its last look is in the failure.</summary>
    public async Task<Migration> MigrationAsync(string vm, Func<Migration, bool> wanted, string awaited)
    {
        Migration? seen = null;
        return await Eventually.Becomes(
            async () => wanted(seen = await MigrationAsync(vm)) ? seen : null, Limit, awaited, () => $"{Story.Of(seen)}\n{_log()}");
    }

    public Task<Migration> EndAsync(string vm) => MigrationAsync(vm, migration => migration.Terminal, $"the migration of {vm} to end");

    /// <exception cref="RpcException">The answer, unless no node answered in time.</exception>
    public async Task<T> AskAsync<T>(Func<Client, CallOptions, AsyncUnaryCall<T>> call)
        where T : class
    {
        string last = "";
        return await Eventually.Becomes(
            async () =>
            {
                int asked = Volatile.Read(ref _next);
                Client client = _clients[asked % _clients.Count];
                try
                {
                    return await call(client, Options());
                }
                catch (RpcException e) when (e.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled || e.Status.DebugException is HttpRequestException or IOException)
                {
                    // Only whoever is the first to find it silent goes on: three who all did would come round to it again.
                    last = e.Status.ToString();
                    Interlocked.CompareExchange(ref _next, asked + 1, asked);
                    return null;
                }
            },
            Limit, "a coordinator to answer", () => $"{last}\n{_log()}");
    }

    public void Dispose() => _channels.ForEach(channel => channel.Dispose());

    /// <summary>As coordctl does: a node that is stopped, or whose machine is gone, ends no connection.</summary>
    private static SocketsHttpHandler Handler(string networkNamespace, LinkCertificates certificates)
    {
        SocketsHttpHandler handler = OutgoingLink.Handler(
            certificates, to => $"the coordinator at {to.Host}:{to.Port}", PeerExpectation.NodeAt, s_dialLimit, (to, stop) => ConnectAsync(networkNamespace, to, stop));
        handler.KeepAlivePingDelay = handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(2);
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        return handler;
    }

    private static CallOptions Options() => new(deadline: DateTime.UtcNow + s_callLimit);

    private static string NewId() => Guid.NewGuid().ToString();

    private static async ValueTask<Stream> ConnectAsync(string networkNamespace, DnsEndPoint to, CancellationToken stop)
    {
        Socket socket = NamespaceSocket.Tcp(networkNamespace);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(to.Host), to.Port), stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
