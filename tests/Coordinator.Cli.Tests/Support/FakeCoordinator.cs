using System.Collections.Concurrent;
using Coordinator.Contracts.Api;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using CoordinatorBase = Coordinator.Contracts.Api.Coordinator.CoordinatorBase;

namespace Coordinator.Cli.Tests.Support;

/// <summary>A coordinator's API on loopback that answers what a test tells it to. What it was not told is Unimplemented.</summary>
internal sealed class FakeCoordinator : IAsyncDisposable
{
    readonly ConcurrentDictionary<Type, Func<IMessage, IMessage>> answers = new();
    readonly ConcurrentQueue<IMessage> requests = new();
    WebApplication app = null!;

    public Uri Address { get; private set; } = null!;

    public string Url => Address.GetLeftPart(UriPartial.Authority);

    public IReadOnlyList<IMessage> Requests => [.. requests];

    /// <summary>Sends what a watch is to see, then returns; a watch that is to stay open waits for its token.</summary>
    public Func<GetMigrationRequest, Func<Migration, Task>, CancellationToken, Task> OnWatch { get; set; } = (_, _, _) => throw new RpcException(new Status(StatusCode.Unimplemented, ""));

    public static async Task<FakeCoordinator> Start()
    {
        var fake = new FakeCoordinator();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        var health = new HealthServiceImpl();
        health.SetStatus("", HealthCheckResponse.Types.ServingStatus.Serving);
        builder.Services.AddSingleton(fake).AddSingleton(health);
        fake.app = builder.Build();
        fake.app.MapGrpcService<Service>();
        fake.app.MapGrpcService<HealthServiceImpl>();
        await fake.app.StartAsync();
        fake.Address = new Uri(fake.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return fake;
    }

    public FakeCoordinator Answers<TRequest>(Func<TRequest, IMessage> answer)
        where TRequest : IMessage
    {
        answers[typeof(TRequest)] = request => answer((TRequest)request);
        return this;
    }

    public FakeCoordinator Refuses<TRequest>(StatusCode code, string sentence, params (string Name, string Value)[] trailers)
        where TRequest : IMessage
    {
        var metadata = new Metadata();
        foreach (var (name, value) in trailers)
            metadata.Add(name, value);
        return Answers<TRequest>(_ => throw new RpcException(new Status(code, sentence), metadata));
    }

    public T Request<T>() => requests.OfType<T>().Single();

    /// <summary>As a SIGKILL: connections are aborted, nobody listens afterwards.</summary>
    public Task Die() => app.StopAsync(new CancellationToken(canceled: true));

    public async ValueTask DisposeAsync()
    {
        await Die();
        await app.DisposeAsync();
    }

    Task<TResponse> Reply<TResponse>(IMessage request)
        where TResponse : IMessage
    {
        requests.Enqueue(request);
        return answers.TryGetValue(request.GetType(), out var answer)
            ? Task.FromResult((TResponse)answer(request))
            : throw new RpcException(new Status(StatusCode.Unimplemented, ""));
    }

    sealed class Service(FakeCoordinator fake) : CoordinatorBase
    {
        public override Task<VirtualMachine> StartVirtualMachine(StartVirtualMachineRequest request, ServerCallContext context) => fake.Reply<VirtualMachine>(request);

        public override Task<VirtualMachine> StopVirtualMachine(StopVirtualMachineRequest request, ServerCallContext context) => fake.Reply<VirtualMachine>(request);

        public override Task<VirtualMachine> GetVirtualMachine(GetVirtualMachineRequest request, ServerCallContext context) => fake.Reply<VirtualMachine>(request);

        public override Task<ListVirtualMachinesResponse> ListVirtualMachines(ListVirtualMachinesRequest request, ServerCallContext context) =>
            fake.Reply<ListVirtualMachinesResponse>(request);

        public override Task<ListHostsResponse> ListHosts(ListHostsRequest request, ServerCallContext context) => fake.Reply<ListHostsResponse>(request);

        public override Task<Migration> StartMigration(StartMigrationRequest request, ServerCallContext context) => fake.Reply<Migration>(request);

        public override Task<Migration> CancelMigration(CancelMigrationRequest request, ServerCallContext context) => fake.Reply<Migration>(request);

        public override Task<Migration> ProveHostOff(ProveHostOffRequest request, ServerCallContext context) => fake.Reply<Migration>(request);

        public override Task<Migration> ResolveDoubt(ResolveDoubtRequest request, ServerCallContext context) => fake.Reply<Migration>(request);

        public override Task<Migration> GetMigration(GetMigrationRequest request, ServerCallContext context) => fake.Reply<Migration>(request);

        public override Task<ListMigrationsResponse> ListMigrations(ListMigrationsRequest request, ServerCallContext context) => fake.Reply<ListMigrationsResponse>(request);

        public override Task<Hold> GetHold(GetHoldRequest request, ServerCallContext context) => fake.Reply<Hold>(request);

        public override Task<Hold> SetHold(SetHoldRequest request, ServerCallContext context) => fake.Reply<Hold>(request);

        public override Task<Cordon> SetCordon(SetCordonRequest request, ServerCallContext context) => fake.Reply<Cordon>(request);

        public override Task<Drain> DrainHost(DrainHostRequest request, ServerCallContext context) => fake.Reply<Drain>(request);

        public override Task<Drain> GetDrain(GetDrainRequest request, ServerCallContext context) => fake.Reply<Drain>(request);

        public override Task<Drain> CancelDrain(CancelDrainRequest request, ServerCallContext context) => fake.Reply<Drain>(request);

        public override Task<Cluster> GetCluster(GetClusterRequest request, ServerCallContext context) => fake.Reply<Cluster>(request);

        public override Task<Cluster> LeaveNode(LeaveNodeRequest request, ServerCallContext context) => fake.Reply<Cluster>(request);

        public override Task<Cluster> DownNode(DownNodeRequest request, ServerCallContext context) => fake.Reply<Cluster>(request);

        public override Task WatchMigration(GetMigrationRequest request, IServerStreamWriter<Migration> responseStream, ServerCallContext context) =>
            fake.OnWatch(request, migration => responseStream.WriteAsync(migration), context.CancellationToken);
    }
}
