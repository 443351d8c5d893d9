using System.Globalization;
using System.Threading.Channels;
using Akka.Actor;
using Akka.Hosting;
using Coordinator.Actors;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Migrations;
using Coordinator.Contracts;
using Coordinator.Server.Hosting;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Coordinator.Server.Grpc;

/// <summary>
/// Asks VMs' entities on behalf of clients. A message may be lost while an entity moves or starts, and every request is idempotent by its id, so it
/// is sent again until it is answered or the time is over.
/// </summary>
internal sealed class VmClient(ActorSystem system, ServerOptions options, CoordinatorMetrics metrics)
{
    private static readonly TimeSpan s_tryAgainAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_retryHint = TimeSpan.FromSeconds(1);

    private IActorRef Region => ActorRegistry.For(system).Get<VmRegionKey>();

    /// <exception cref="RpcException">The entity refuses, or does not answer in time (UNAVAILABLE, with the trailer <c>retry-after-ms</c>).</exception>
    /// <param name="within">For requests that take longer than a decision; null for the usual time.</param>
    internal async Task<VmAnswer> Ask(string vm, object request, CancellationToken stop, TimeSpan? within = null)
    {
        TimeSpan patience = within ?? options.EntityTimeout;
        VmAnswer answer = await Try(request, patience, stop).ConfigureAwait(false)
            ?? throw Unavailable(
                $"VM '{vm}' did not answer within {patience.TotalSeconds} s; its coordinator may be restarting. "
                + "The request may have been taken on: repeat it with the same id");
        return answer.Kind switch
        {
            AnswerKind.Accepted => answer,
            AnswerKind.NotFound => throw new RpcException(new Status(StatusCode.NotFound, answer.Message)),
            AnswerKind.FailedPrecondition => throw new RpcException(new Status(StatusCode.FailedPrecondition, answer.Message)),
            AnswerKind.InvalidArgument => throw new RpcException(new Status(StatusCode.InvalidArgument, answer.Message)),
            AnswerKind.ResourceExhausted => throw new RpcException(new Status(StatusCode.ResourceExhausted, answer.Message)),
            _ => throw new RpcException(new Status(StatusCode.Internal, $"an answer of kind {answer.Kind}")),
        };
    }

    /// <summary>Null when there is no answer in time.</summary>
    internal async Task<VmAnswer?> Try(object request, TimeSpan within, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(within);
        while (true)
        {
            try
            {
                return await Region.Ask<VmAnswer>(request, s_tryAgainAfter < within ? s_tryAgainAfter : within, patience.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is AskTimeoutException or OperationCanceledException)
            {
                stop.ThrowIfCancellationRequested();
                if (patience.IsCancellationRequested)
                {
                    return null;
                }
            }
        }
    }

    /// <summary>Whole views after every change, the newest only when the reader is slow.</summary>
    internal VmWatch Watch(string vm)
    {
        Channel<VmChanged> changes = Channel.CreateBounded<VmChanged>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        IActorRef watcher = system.ActorOf(VmWatcherActor.Props(vm, Region, changes.Writer));
        return new VmWatch(changes.Reader, system, watcher, metrics.OpenWatch());
    }

    internal static RpcException Unavailable(string message) => new(
        new Status(StatusCode.Unavailable, message),
        new Metadata { { "retry-after-ms", ((int)s_retryHint.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) } });
}

/// <summary>A running watch; disposing it ends it.</summary>
internal sealed class VmWatch(ChannelReader<VmChanged> changes, ActorSystem system, IActorRef watcher, IDisposable count) : IDisposable
{
    public ChannelReader<VmChanged> Changes { get; } = changes;

    public void Dispose()
    {
        system.Stop(watcher);
        count.Dispose();
    }
}
