using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Coordinator.Server.Grpc;

/// <summary>The fleet's hold.</summary>
internal sealed partial class CoordinatorService
{
    public override Task<Hold> GetHold(GetHoldRequest request, ServerCallContext context) => Task.FromResult(View(hold.Current()));

    public override async Task<Hold> SetHold(SetHoldRequest request, ServerCallContext context) =>
        View(await hold.Set(new RequestId(request.RequestId), request.Held, new SignedWord(request.By, request.Reason), context.CancellationToken).ConfigureAwait(false));

    private static Hold View(FleetHold? hold) => hold is null
        ? new Hold()
        : new Hold { Held = true, By = hold.By, Reason = hold.Reason, Since = Timestamp.FromDateTimeOffset(hold.Since) };
}
