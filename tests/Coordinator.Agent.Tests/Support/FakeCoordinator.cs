using System.Collections.Concurrent;
using System.Threading.Channels;
using Coordinator.AgentProtocol;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Listeners;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Coordinator.Agent.Tests.Support;

/// <summary>A coordinator that decides nothing: it sends the steps that a test wants, keeps the newest report of each host, and carries handoff messages.</summary>
internal sealed class FakeCoordinator : AgentGateway.AgentGatewayBase, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ChannelWriter<CoordinatorMessage>> _hosts = new();
    private readonly ConcurrentDictionary<(string Host, string Vm), VmReport> _reports = new();
    private readonly ConcurrentDictionary<(string Host, string Vm, long Epoch, long StepNo), TaskCompletionSource<StepAnswer>> _steps = new();
    private readonly ConcurrentDictionary<string, Hello> _hellos = new();
    private readonly ConcurrentQueue<ProgressSample> _samples = new();
    private WebApplication? _web;
    private int _carried;

    public string Address { get; private set; } = "";

    public IEnumerable<ProgressSample> Samples => _samples;

    public int Carried => _carried;

    public ConcurrentQueue<(string Host, VmReport Report)> History { get; } = new();

    public static async Task<FakeCoordinator> StartAsync(LinkCertificates? certificates = null)
    {
        FakeCoordinator coordinator = new();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (certificates is not null)
            {
                listen.UseCertificates(certificates);
            }
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(coordinator);
        coordinator._web = builder.Build();
        coordinator._web.MapGrpcService<FakeCoordinator>();
        await coordinator._web.StartAsync();
        coordinator.Address = coordinator._web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return coordinator;
    }

    public VmReport? Report(string host, string vm) => _reports.GetValueOrDefault((host, vm));

    public Hello? HelloOf(string host) => _hellos.GetValueOrDefault(host);

    public bool IsConnected(string host) => _hosts.ContainsKey(host);

    /// <summary>Sends the step until it is answered, as a coordinator does: at least once.</summary>
    public async Task<StepAnswer> StepAsync(string host, Step step, TimeSpan? limit = null)
    {
        TaskCompletionSource<StepAnswer> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _steps[(host, step.Vm, step.Epoch, step.StepNo)] = answered;
        CancellationTokenSource deadline = new(limit ?? Eventually.Limit);
        while (true)
        {
            if (_hosts.TryGetValue(host, out ChannelWriter<CoordinatorMessage>? stream))
            {
                stream.TryWrite(new CoordinatorMessage { Step = step });
            }

            try
            {
                return await answered.Task.WaitAsync(TimeSpan.FromSeconds(1), deadline.Token);
            }
            catch (TimeoutException)
            {
                // Repeated.
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"{host} did not answer {step.CommandCase} of {step.Vm}: {Brief(Report(host, step.Vm))}", e);
            }
        }
    }

    public Task<VmReport> ReportAsync(string host, string vm, Func<VmReport, bool> wanted, string what, TimeSpan? limit = null) =>
        Eventually.ValueAsync(
            () => Report(host, vm) is { } report && wanted(report) ? report : null,
            () => $"{what} on {host}; newest report: {Brief(Report(host, vm))}", limit);

    public static string Brief(VmReport? report) => report is null
        ? "none"
        : $"source {report.Source.Stage} a{report.Source.Attempt} answer {report.Source.RegisterAnswer} error '{report.Source.Error}'; "
            + $"destination {report.Destination.Stage} a{report.Destination.Attempt} listening {report.Destination.Listening} error '{report.Destination.Error}' gate {report.Destination.GateFindings}; guest {report.Guest}";

    public override async Task Connect(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream, ServerCallContext context)
    {
        Channel<CoordinatorMessage> outbound = System.Threading.Channels.Channel.CreateUnbounded<CoordinatorMessage>();
        string host = "";
        Task writing = Task.Run(async () =>
        {
            await foreach (CoordinatorMessage message in outbound.Reader.ReadAllAsync(context.CancellationToken))
            {
                await responseStream.WriteAsync(message);
            }
        });
        try
        {
            await foreach (AgentMessage message in requestStream.ReadAllAsync(context.CancellationToken))
            {
                switch (message.MessageCase)
                {
                    case AgentMessage.MessageOneofCase.Hello:
                        host = message.Hello.Host;
                        _hellos[host] = message.Hello;
                        _hosts[host] = outbound.Writer;
                        outbound.Writer.TryWrite(new CoordinatorMessage { Welcome = new Welcome { Node = "fake" } });
                        break;
                    case AgentMessage.MessageOneofCase.Report:
                        Keep(host, message.Report);
                        break;
                    case AgentMessage.MessageOneofCase.Answer:
                        StepAnswer answer = message.Answer;
                        if (_steps.TryGetValue((host, answer.Vm, answer.Epoch, answer.StepNo), out TaskCompletionSource<StepAnswer>? waiting))
                        {
                            waiting.TrySetResult(answer);
                        }

                        break;
                    case AgentMessage.MessageOneofCase.Progress:
                        _samples.Enqueue(message.Progress);
                        break;
                    case AgentMessage.MessageOneofCase.Carried:
                        Interlocked.Increment(ref _carried);
                        if (_hosts.TryGetValue(message.Carried.ToHost, out ChannelWriter<CoordinatorMessage>? other))
                        {
                            other.TryWrite(new CoordinatorMessage { Carried = message.Carried });
                        }

                        break;
                    default:
                        break;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The agent went away.
        }
        finally
        {
            _hosts.TryRemove(new KeyValuePair<string, ChannelWriter<CoordinatorMessage>>(host, outbound.Writer));
            outbound.Writer.TryComplete();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ChannelWriter<CoordinatorMessage> host in _hosts.Values)
        {
            host.TryComplete();
        }

        if (_web is not null)
        {
            using CancellationTokenSource limit = new(TimeSpan.FromMilliseconds(200));
            await _web.StopAsync(limit.Token);
            await _web.DisposeAsync();
        }
    }

    private void Keep(string host, VmReport report)
    {
        History.Enqueue((host, report));
        _reports.AddOrUpdate((host, report.Vm), report, (_, before) =>
            before.AgentLife != report.AgentLife || report.Sequence > before.Sequence ? report : before);
    }
}
