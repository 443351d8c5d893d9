using Coordinator.Actors;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Migrations;
using Coordinator.Actors.Platform;
using Coordinator.Server.Grpc;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Coordinator.Server.Hosting;

/// <summary>One coordinator process: the node of the cluster, and gRPC for clients and agents on one port, HTTP/2 without TLS.</summary>
internal static class ServerHost
{
    /// <summary>A report of a VM with 64 queue pairs is about 100 kB; nothing that is meant comes near this.</summary>
    private const int MaxMessageBytes = 8 << 20;

    /// <param name="options">Checked already.</param>
    /// <param name="logging">Replaces the console's logger; for tests.</param>
    internal static WebApplication Build(ServerOptions options, Action<ILoggingBuilder>? logging = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddFilter("Grpc", LogLevel.Warning).AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging?.Invoke(builder.Logging);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(options.Grpc.Address, options.Grpc.Port, listen => listen.Protocols = HttpProtocols.Http2);
            if (options.Metrics is { } metrics)
            {
                kestrel.Listen(metrics.Address, metrics.Port, listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        builder.Services
            .AddSingleton(options)
            .AddSingleton(TimeProvider.System)
            .AddSingleton<HostDirectory>()
            .AddSingleton<IHostDirectory>(services => services.GetRequiredService<HostDirectory>())
            .AddSingleton<VmIndex>()
            .AddSingleton<VmClient>()
            .AddSingleton<HoldClient>()
            .AddSingleton<CoordinatorMetrics>()
            .AddSingleton<HoldBoard>()
            .AddCoordinatorPlatform(
                services => NodeOptions(services.GetRequiredService<ServerOptions>()),
                (akka, services) => akka.WithCoordinatorActors(
                    services.GetRequiredService<HostDirectory>(),
                    services.GetRequiredService<HoldBoard>(),
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<CoordinatorMetrics>(),
                    services.GetRequiredService<ILoggerFactory>().CreateLogger("Coordinator.Alerts")));
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxMessageBytes;
            grpc.Interceptors.Add<StatusInterceptor>();
        });
        builder.Services.AddGrpcReflection();
        builder.Services.AddGrpcHealthChecks().AddCheck<ClusterHealth>("cluster");

        WebApplication app = builder.Build();
        app.MapGrpcService<AgentGatewayService>();
        app.MapGrpcService<CoordinatorService>();
        app.MapGrpcReflectionService();
        app.MapGrpcHealthChecksService();
        app.MapGet("/metrics", MetricsPage.Serve);
        return app;
    }

    private static CoordinatorNodeOptions NodeOptions(ServerOptions options) => new()
    {
        Store = new SqliteStore(options.JournalFile),
        Hostname = options.Cluster.Address.ToString(),
        Port = options.Cluster.Port,
        SeedNodes = [.. options.Seeds.Select(s => new HostPort(s.Address.ToString(), s.Port).ToString())],
        ConfigFile = options.ConfigFile,
    };
}
