using System.Collections.Concurrent;
using System.Threading.Channels;
using Coordinator.Agent.Qemu;
using Coordinator.Agent.Sessions;
using Coordinator.AgentProtocol;
using Coordinator.AgentProtocol.HandoffChannel;
using Coordinator.Certificates.Links;
using Coordinator.Certificates.Verification;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Coordinator.Agent.Coordinators;

/// <summary>
/// One stream to one coordinator at a time: when it ends the next address is dialled at once, and everything is reported anew. What was not delivered is not kept: reports are
/// whole, and a coordinator repeats a step whose answer it did not get.
/// </summary>
internal sealed partial class CoordinatorLink(
    IReadOnlyList<Uri> coordinators, Func<Hello> hello, Func<HostStatus> status, LinkCertificates? certificates, ILogger<CoordinatorLink> logger) : ICoordinatorOutbox, IAsyncDisposable
{
    private static readonly TimeSpan s_dialLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_statusEvery = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private Connected? _current;
    private Task _running = Task.CompletedTask;

    public VmSessions? Sessions { get; set; }

    public void Start() => _running = RunAsync();

    public void Answer(StepAnswer answer)
    {
        _current?.Outbound.TryWrite(new AgentMessage { Answer = answer });
    }

    public void ReportChanged(string vm, bool atOnce) => _current?.Reports.Changed(vm, atOnce);

    public void Sample(ProgressSample sample)
    {
        _current?.Outbound.TryWrite(new AgentMessage { Progress = sample });
    }

    public bool Carry(CarriedHandoff carried) => _current?.Outbound.TryWrite(new AgentMessage { Carried = carried }) == true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        int next = Random.Shared.Next(coordinators.Count);
        TimeSpan pause = s_firstPause;
        int failedInARow = 0;
        while (!_stop.IsCancellationRequested)
        {
            Uri address = coordinators[next++ % coordinators.Count];
            try
            {
                await ServeAsync(address);
                (failedInARow, pause) = (0, s_firstPause);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is RpcException or IOException or TimeoutException or OperationCanceledException)
            {
                LogLost(address, PeerRefusedException.In(e) ?? (e is RpcException rpc ? rpc.Status.Detail : e.Message));
                failedInARow++;
            }

            // The next coordinator at once; a pause only when all of them were tried.
            if (failedInARow >= coordinators.Count)
            {
                failedInARow = 0;
                await Task.Delay(pause + (pause * Random.Shared.NextDouble() / 4), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
            }
        }
    }

    private async Task ServeAsync(Uri address)
    {
        using GrpcChannel channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = Handler(),
            DisposeHttpClient = true,
        });
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using AsyncDuplexStreamingCall<AgentMessage, CoordinatorMessage> call = new AgentGateway.AgentGatewayClient(channel).Connect(cancellationToken: ended.Token);
        await call.RequestStream.WriteAsync(new AgentMessage { Hello = hello() }, ended.Token);
        Connected connected = new(Sessions!);
        Task writing = connected.WriteAsync(call.RequestStream, ended.Token);
        Task reporting = connected.Reports.RunAsync(ended.Token);
        Task telling = TellStatusAsync(connected, ended.Token);
        _current = connected;
        connected.Reports.ChangedAll(Sessions!.Vms);
        try
        {
            await ReadAsync(call.ResponseStream, address, ended.Token);
        }
        finally
        {
            _current = null;
            await ended.CancelAsync();
            await Task.WhenAll(writing, reporting, telling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TellStatusAsync(Connected connected, CancellationToken cancellation)
    {
        using PeriodicTimer timer = new(s_statusEvery);
        do
        {
            connected.Outbound.TryWrite(new AgentMessage { Status = status() });
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private SocketsHttpHandler Handler()
    {
        SocketsHttpHandler handler = certificates is null
            ? new SocketsHttpHandler { ConnectTimeout = s_dialLimit }
            : OutgoingLink.Handler(certificates, to => $"the coordinator at {to.Host}:{to.Port}", PeerExpectation.NodeAt, s_dialLimit);
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(2);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(2);
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
        handler.PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan;
        return handler;
    }

    private async Task ReadAsync(IAsyncStreamReader<CoordinatorMessage> stream, Uri address, CancellationToken cancellation)
    {
        await foreach (CoordinatorMessage message in stream.ReadAllAsync(cancellation))
        {
            switch (message.MessageCase)
            {
                case CoordinatorMessage.MessageOneofCase.Welcome:
                    LogWelcome(address, message.Welcome.Node);
                    break;
                case CoordinatorMessage.MessageOneofCase.Step:
                    Sessions!.Deliver(message.Step);
                    break;
                case CoordinatorMessage.MessageOneofCase.Carried:
                    Deliver(message.Carried);
                    break;
                default:
                    break;
            }
        }
    }

    private void Deliver(CarriedHandoff carried)
    {
        long received = HostClock.NowMicros();
        try
        {
            if (carried.Answer)
            {
                Sessions!.Deliver(DestinationFrame.Parser.ParseFrom(carried.Frame), received);
                return;
            }

            Sessions!.Deliver(
                SourceFrame.Parser.ParseFrom(carried.Frame),
                carried.FromHost,
                answer => Carry(new CarriedHandoff { FromHost = carried.ToHost, ToHost = carried.FromHost, Vm = carried.Vm, Frame = answer.ToByteString(), Answer = true }),
                received);
        }
        catch (InvalidProtocolBufferException e)
        {
            LogUnreadable(carried.FromHost, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to coordinator {Address} ({Node})")]
    private partial void LogWelcome(Uri address, string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The coordinator at {Address} is not reachable: {Reason}; trying the next one")]
    private partial void LogLost(Uri address, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A carried handoff message of host {From} cannot be read: {Reason}")]
    private partial void LogUnreadable(string from, string reason);

    private sealed class Connected(VmSessions sessions)
    {
        // Samples and answers of a coordinator that reads nothing any more are dropped, oldest first: it asks again, or another one does.
        private readonly Channel<AgentMessage> _outbound =
            System.Threading.Channels.Channel.CreateBounded<AgentMessage>(new BoundedChannelOptions(1024) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });

        public ChannelWriter<AgentMessage> Outbound => _outbound.Writer;

        public ReportQueue Reports => field ??= new ReportQueue(sessions, report => _outbound.Writer.TryWrite(new AgentMessage { Report = report }));

        public async Task WriteAsync(IClientStreamWriter<AgentMessage> stream, CancellationToken cancellation)
        {
            await foreach (AgentMessage message in _outbound.Reader.ReadAllAsync(cancellation))
            {
                await stream.WriteAsync(message, cancellation);
            }
        }
    }
}
