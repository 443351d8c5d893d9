using System.Net;
using Akka.Actor;
using Coordinator.Actors;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Draining;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Migrations;
using Coordinator.Actors.Platform;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Listeners;
using Coordinator.Dashboard;
using Coordinator.Server.Grpc;
using Coordinator.Server.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Coordinator.Server.Hosting;

/// <summary>One coordinator process: the node of the cluster, gRPC for clients and agents on one port (HTTP/2; with TLS, or on loopback), and pages, metrics and health on another (HTTP/1.1).</summary>
internal static class ServerHost
{
    /// <summary>A report of a VM with 64 queue pairs is about 100 kB; nothing that is meant comes near this.</summary>
    private const int MaxMessageBytes = 8 << 20;

    private const string ProgramName = "coordinator-server";

    private static readonly TimeSpan s_askSilentPeersAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_silentPeersAreGoneAfter = TimeSpan.FromSeconds(4);

    /// <param name="options">Checked already.</param>
    /// <param name="logging">Replaces the console's logger; for tests.</param>
    internal static WebApplication Build(ServerOptions options, Action<ILoggingBuilder>? logging = null)
    {
        // Files of the pages lie beside the program, wherever it was started from; tests start it within another one.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = ProgramName, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddFilter("Grpc", LogLevel.Warning).AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging?.Invoke(builder.Logging);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // A host that has lost its power, or an agent that is stopped, says no goodbye: without this it would count as connected for as long as TCP tries.
            kestrel.Limits.Http2.KeepAlivePingDelay = s_askSilentPeersAfter;
            kestrel.Limits.Http2.KeepAlivePingTimeout = s_silentPeersAreGoneAfter;
            kestrel.Listen(options.Grpc.Address, options.Grpc.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                if (options.Tls is not null)
                {
                    listen.UseCertificates(kestrel.ApplicationServices.GetRequiredService<LinkCertificates>());
                }
            });
            if (options.Http is { } http)
            {
                kestrel.Listen(http.Address, http.Port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;

                    // On loopback plain, for this machine's own eyes and a proxy that knows its people; anywhere else only for who has a certificate.
                    if (!IPAddress.IsLoopback(http.Address))
                    {
                        listen.UseCertificates(kestrel.ApplicationServices.GetRequiredService<LinkCertificates>());
                    }
                });
            }
        });
        if (options.Tls is { } files)
        {
            builder.Services
                .AddSingleton(services => NodeCertificates.Open(files, services.GetRequiredService<ILoggerFactory>()))
                .AddSingleton(services => new PeerRoleInterceptor(services.GetRequiredService<LinkCertificates>(), NodeCertificates.RolesOfServices));
        }

        builder.Services
            .AddSingleton(options)
            .AddSingleton(TimeProvider.System)
            .AddSingleton<HostDirectory>()
            .AddSingleton<IHostDirectory>(services => services.GetRequiredService<HostDirectory>())
            .AddSingleton<VmIndex>()
            .AddSingleton<VmClient>()
            .AddSingleton<HoldClient>()
            .AddSingleton<ClusterOrders>()
            .AddSingleton<CoordinatorMetrics>()
            .AddSingleton<HoldBoard>()
            .AddSingleton<CordonBoard>()
            .AddSingleton<DrainClient>()
            .AddSingleton<FleetBoard>()
            .AddSingleton<ClusterBoard>()
            .AddSingleton<IFleetHistory, JournalledFleet>()
            .AddCoordinatorPlatform(
                services => NodeOptions(services.GetRequiredService<ServerOptions>(), services.GetService<LinkCertificates>()),
                (akka, services) => akka.WithCoordinatorActors(
                    services.GetRequiredService<HostDirectory>(),
                    services.GetRequiredService<HoldBoard>(),
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<CoordinatorMetrics>(),
                    services.GetRequiredService<ILoggerFactory>().CreateLogger("Coordinator.Alerts"),
                    services.GetRequiredService<FleetBoard>(),
                    services.GetRequiredService<ClusterBoard>(),
                    services.GetRequiredService<CordonBoard>()));
        AddPages(builder);
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxMessageBytes;
            grpc.Interceptors.Add<StatusInterceptor>();
            if (options.Tls is not null)
            {
                grpc.Interceptors.Add<PeerRoleInterceptor>();
            }
        });
        builder.Services.AddGrpcReflection();
        builder.Services.AddGrpcHealthChecks().AddCheck<ClusterHealth>("cluster");

        WebApplication app = builder.Build();
        app.UseListenersApart();
        app.MapGrpcService<AgentGatewayService>();
        app.MapGrpcService<CoordinatorService>();
        app.MapGrpcReflectionService();
        app.MapGrpcHealthChecksService();
        if (options.Http is { } pages)
        {
            app.MapGet("/metrics", MetricsPage.Serve);
            app.MapGet("/livez", HealthPages.Live);
            app.MapGet("/readyz", HealthPages.Ready);
            app.MapDashboard(Path.Combine(AppContext.BaseDirectory, $"{ProgramName}.staticwebassets.endpoints.json"));
            app.Services.GetRequiredService<ClusterBoard>().Dashboard = $"http://{pages}";
        }

        return app;
    }

    private static void AddPages(WebApplicationBuilder builder)
    {
        builder.Services
            .AddSingleton<INodeCheck, JournalCheck>()
            .AddSingleton<INodeCheck, MembershipCheck>()
            .AddSingleton<INodeCheck, RegionCheck>()
            .AddSingleton<INodeCheck, HoldCheck>()
            .AddSingleton<INodeCheck, LeaseCheck>()
            .AddSingleton<NodeChecks>()
            .AddSingleton(services => new ReadyJudge(
                services.GetRequiredService<NodeChecks>().GivenUpOn, ReadyJudge.GivesUpAfter(services.GetRequiredService<ActorSystem>().Settings.Config), services.GetRequiredService<TimeProvider>()))
            .AddHostedService<HealthLoop>()
            .AddHostedService<FleetFilling>()
            .AddSingleton<IFleetWindow, FleetWindow>();
        builder.AddDashboard();
    }

    private static CoordinatorNodeOptions NodeOptions(ServerOptions options, LinkCertificates? certificates) => new()
    {
        Store = options.Database.Open(),
        Hostname = options.Cluster.Address.ToString(),
        Port = options.Cluster.Port,
        SeedNodes = [.. options.Seeds.Select(s => new HostPort(s.Address.ToString(), s.Port).ToString())],
        Contacts = options.Contacts,
        ConfigFile = options.ConfigFile,
        Certificates = certificates,
    };
}
