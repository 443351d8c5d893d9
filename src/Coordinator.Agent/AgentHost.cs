using System.Net;
using System.Reflection;
using Coordinator.Agent.Channel;
using Coordinator.Agent.Configuration;
using Coordinator.Agent.Coordinators;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Qemu;
using Coordinator.Agent.Recording;
using Coordinator.Agent.Sessions;
using Coordinator.Agent.Simulated;
using Coordinator.Agent.State;
using Coordinator.AgentProtocol;
using Coordinator.Certificates.Files;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Listeners;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Coordinator.Agent;

/// <summary>One agent: store, sessions, the handoff listener and the stream to the coordinators. Disposing it leaves every guest running.</summary>
internal sealed class AgentHost : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly AgentStore _store;
    private readonly CoordinatorLink _link;

    private AgentHost(WebApplication web, AgentStore store, CoordinatorLink link, VmSessions sessions, AgentContext context)
    {
        _web = web;
        _store = store;
        _link = link;
        Sessions = sessions;
        Context = context;
    }

    public VmSessions Sessions { get; }

    public AgentContext Context { get; }

    /// <exception cref="AgentStoreException">The state directory cannot be used.</exception>
    /// <exception cref="IOException">The handoff address cannot be bound.</exception>
    /// <exception cref="CertificateFileException">The host's certificates cannot be used.</exception>
    public static async Task<AgentHost> StartAsync(HostConfiguration configuration, Action<ILoggingBuilder> logging)
    {
        AgentStore store = AgentStore.Open(configuration.StateDirectory);
        QemuLauncher launcher = new(configuration.Scope, configuration.Keeper);
        VmSessions? sessions = null;
        AgentContext? context = null;
        LinkCertificates? certificates = null;
        try
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            logging(builder.Logging);
            builder.WebHost.ConfigureKestrel(kestrel =>
            {
                kestrel.Listen(HandoffPort.For(configuration.Handoff.Listen, configuration.StateDirectory), listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    if (configuration.Tls is not null)
                    {
                        listen.UseCertificates(kestrel.ApplicationServices.GetRequiredService<LinkCertificates>());
                    }
                });
                kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(2);
                kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(2);
            });
            builder.Services.AddGrpc();
            builder.Services.AddSingleton<HandoffListener>();
            if (configuration.Tls is { } files)
            {
                builder.Services.AddSingleton(services => HostCertificates.Open(files, configuration.HostId, services.GetRequiredService<ILoggerFactory>()));
            }

            builder.Services.AddSingleton(_ => sessions!);
            builder.Services.AddSingleton(_ => context!);
            WebApplication web = builder.Build();
            ILoggerFactory loggers = web.Services.GetRequiredService<ILoggerFactory>();
            certificates = web.Services.GetService<LinkCertificates>();
            CoordinatorLink link = new(
                configuration.Coordinators, () => Hello(context!, sessions!), () => Status(context!), certificates, loggers.CreateLogger<CoordinatorLink>());
            context = new AgentContext(
                configuration, store, launcher, new HostMemory(), new StreamPorts(configuration.MigrationStream), link, loggers)
            {
                Certificates = certificates,
                History = AgentHistory.FromEnvironment(configuration.HostId, store.InstanceId),
            };
            sessions = new VmSessions(context);
            link.Sessions = sessions;
            web.MapGrpcService<HandoffListener>();

            await launcher.SettleAsync();

            // Guests first: one may stand still and wait for this agent. And before anybody can ask: a VM without a session is answered "unknown".
            await OrphanedGuests.TakeOverAsync(configuration, store, loggers.CreateLogger("Coordinator.Agent.OrphanedGuests"));
            sessions.StartRecorded();
            Task<IReadOnlyList<string>> versions = configuration.Driver == HypervisorDriver.Simulated
                ? Task.FromResult<IReadOnlyList<string>>([$"{SimulatedProgram.Version} (simulated)"])
                : QemuVersions.OfAsync([configuration.QemuDefault, .. configuration.QemuAllowed]);
            await web.StartAsync();
            int port = BoundPort(web);
            HandoffPort.Remember(configuration.StateDirectory, port);
            context.HandoffAddress = configuration.Handoff.AdvertisedFor(port);
            HotCode.CompileInBackground();
            context.QemuVersions = await versions;
            link.Start();
            return new AgentHost(web, store, link, sessions, context);
        }
        catch
        {
            await (sessions?.DisposeAsync() ?? ValueTask.CompletedTask);
            certificates?.Dispose();
            store.Dispose();
            throw;
        }
    }

    public Task WaitForShutdownAsync() => _web.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync();
        await Sessions.DisposeAsync();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(2));
        await _web.StopAsync(limit.Token);
        await _web.DisposeAsync();
        Context.Certificates?.Dispose();
        _store.Dispose();
        if (Context.History is { } history)
        {
            await history.DisposeAsync();
        }
    }

    private static int BoundPort(WebApplication web)
    {
        string address = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return BindingAddress.Parse(address).Port;
    }

    private static HostStatus Status(AgentContext context) => new()
    {
        MemoryFreeMib = Math.Max(0, context.Memory.AvailableMiB - context.Host.MemoryReserveMiB - context.Promises.TotalMiB),
    };

    private static Hello Hello(AgentContext context, VmSessions sessions)
    {
        Hello hello = new()
        {
            Host = context.Host.HostId,
            AgentVersion = typeof(AgentHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            StoreInstance = WireIds.ToWire(context.Store.InstanceId),
            HandoffAddress = context.HandoffAddress,
            MemoryAvailableMib = context.Memory.AvailableMiB,
            Driver = context.Host.Driver == HypervisorDriver.Simulated ? "simulated" : "qemu",
            Limits = new HostLimits { Outgoing = context.Host.Limits.Outgoing, Incoming = context.Host.Limits.Incoming },
        };
        if (context.Host.Limits.BandwidthBytesPerSec is { } bandwidth)
        {
            hello.Limits.BandwidthBytesPerSec = bandwidth;
        }

        hello.QemuVersions.AddRange(context.QemuVersions);
        hello.Vms.AddRange(sessions.Vms);
        return hello;
    }
}
