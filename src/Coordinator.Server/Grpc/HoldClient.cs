using Akka.Actor;
using Akka.Hosting;
using Coordinator.Actors;
using Coordinator.Actors.Holding;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Server.Hosting;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace Coordinator.Server.Grpc;

/// <summary>Asks this node's <see cref="HoldActor"/>; any node will do, the database decides between two.</summary>
internal sealed class HoldClient(ActorSystem system, HoldBoard board, ServerOptions options)
{
    internal FleetHold? Current() => board.Current;

    /// <exception cref="RpcException">FAILED_PRECONDITION: another hold stands; UNAVAILABLE: the database does not answer.</exception>
    internal async Task<FleetHold?> Set(RequestId request, bool held, SignedWord word, CancellationToken stop)
    {
        HoldAnswer answer;
        try
        {
            answer = await ActorRegistry.For(system).Get<HoldKey>().Ask<HoldAnswer>(new SetHold(request, held, word), options.EntityTimeout, stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AskTimeoutException or System.Data.Common.DbException)
        {
            throw VmClient.Unavailable($"the hold could not be written: {e.Message}; it may have been, 'coordctl hold' shows it");
        }

        return answer.Refusal.Length == 0 ? answer.Hold : throw new RpcException(new Status(StatusCode.FailedPrecondition, answer.Refusal));
    }
}
