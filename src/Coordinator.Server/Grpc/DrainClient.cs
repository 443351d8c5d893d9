using System.Data.Common;
using Akka.Actor;
using Akka.Hosting;
using Coordinator.Actors;
using Coordinator.Actors.Agents;
using Coordinator.Actors.Draining;
using Coordinator.Actors.Fleet;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Migrations;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Coordinator.Server.Hosting;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Coordinator.Server.Grpc;

/// <summary>Cordons and drains for operators; any node will do, the database decides between two.</summary>
internal sealed class DrainClient(ActorSystem system, CordonBoard cordons, HoldBoard hold, FleetBoard fleet, IHostDirectory hosts, VmIndex index, TimeProvider clock, ServerOptions options)
{
    private readonly Lazy<DrainDesk> _desk = new(() => DrainDesk.Of(system, hosts, cordons, hold, fleet, clock));

    internal HostCordon? CordonOf(HostName host) => cordons.Of(host);

    /// <exception cref="RpcException">NOT_FOUND: no such host; FAILED_PRECONDITION: somebody has changed it since, or a drain needs it; UNAVAILABLE: the database does not answer.</exception>
    internal async Task<HostCordon?> SetCordon(RequestId request, HostName host, bool cordoned, SignedWord word, CancellationToken stop)
    {
        await Known(host, stop).ConfigureAwait(false);
        CordonAnswer answer = await Written(
            () => ActorRegistry.For(system).Get<CordonKey>().Ask<CordonAnswer>(new SetCordon(request, host, cordoned, word), options.EntityTimeout, stop)).ConfigureAwait(false);
        return answer.Refusal.Length == 0 ? answer.Cordon : throw Refused(answer.Refusal);
    }

    /// <exception cref="RpcException">NOT_FOUND: no such host; FAILED_PRECONDITION: another drain goes on; UNAVAILABLE: the database does not answer.</exception>
    internal async Task<DrainView> Begin(RequestId request, DrainJob job, SignedWord word, bool onlyShow, CancellationToken stop)
    {
        await Known(job.Host, stop).ConfigureAwait(false);
        if (onlyShow)
        {
            return await Written(() => _desk.Value.Rehearse(job, word, clock.GetUtcNow(), stop)).ConfigureAwait(false);
        }

        (_, string refusal) = await Written(() => Task.Run(() => _desk.Value.Begin(request, job, word), stop)).ConfigureAwait(false);
        return refusal.Length == 0 ? await Look(job.Host, stop).ConfigureAwait(false) : throw Refused(refusal);
    }

    /// <exception cref="RpcException">NOT_FOUND: the host never had one.</exception>
    internal async Task<DrainView> Look(HostName host, CancellationToken stop) =>
        await Written(() => _desk.Value.Look(host, stop)).ConfigureAwait(false) ?? throw NeverDrained(host);

    /// <exception cref="RpcException">NOT_FOUND: the host never had one.</exception>
    internal async Task<DrainView> Cancel(HostName host, SignedWord word, CancellationToken stop) =>
        await Written(() => Task.Run(() => _desk.Value.Cancel(host, word), stop)).ConfigureAwait(false) is null ? throw NeverDrained(host) : await Look(host, stop).ConfigureAwait(false);

    /// <summary>One whose agent has connected since the cluster began, or that has guests, or is cordoned: a wrong name is not taken for a host that is off.</summary>
    private async Task Known(HostName host, CancellationToken stop)
    {
        if (hosts.Find(host.Value) is null && cordons.Of(host) is null && !(await index.Residents(stop).ConfigureAwait(false)).Contains(host.Value))
        {
            throw new RpcException(new Status(StatusCode.NotFound, $"no host of the name '{host}' is known; see 'coordctl get hosts'"));
        }
    }

    private static async Task<T> Written<T>(Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception e) when (e is AskTimeoutException or DbException)
        {
            throw VmClient.Unavailable($"the database did not answer: {e.Message}; it may have been written, ask again with the same request id");
        }
    }

    private static RpcException Refused(string sentence) => new(new Status(StatusCode.FailedPrecondition, sentence));

    private static RpcException NeverDrained(HostName host) => new(new Status(StatusCode.NotFound, $"host '{host}' was never drained"));
}
