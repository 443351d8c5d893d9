using Coordinator.Actors.Draining;
using Coordinator.Contracts.Api;
using Coordinator.Domain;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Server.Grpc;

/// <summary>Cordons and drains of hosts.</summary>
internal sealed partial class CoordinatorService
{
    private const int DefaultParallel = 2;

    public override async Task<Cordon> SetCordon(SetCordonRequest request, ServerCallContext context)
    {
        HostName host = new(request.Host);
        HostCordon? cordon = await drains.SetCordon(
            new RequestId(request.RequestId), host, request.Cordoned, new SignedWord(request.By, request.Reason), context.CancellationToken).ConfigureAwait(false);
        return View(cordon) ?? new Cordon { Host = host.Value };
    }

    public override async Task<Drain> DrainHost(DrainHostRequest request, ServerCallContext context) => View(await drains.Begin(
        new RequestId(request.RequestId),
        new DrainJob(new HostName(request.Host), request.HasMaxParallel ? request.MaxParallel : DefaultParallel, request.StopOnFailures),
        new SignedWord(request.By, request.Reason),
        request.DryRun,
        context.CancellationToken).ConfigureAwait(false));

    public override async Task<Drain> GetDrain(GetDrainRequest request, ServerCallContext context) =>
        View(await drains.Look(new HostName(request.Host), context.CancellationToken).ConfigureAwait(false));

    public override async Task<Drain> CancelDrain(CancelDrainRequest request, ServerCallContext context) =>
        View(await drains.Cancel(new HostName(request.Host), new SignedWord(request.By, request.Reason), context.CancellationToken).ConfigureAwait(false));

    private static Cordon? View(HostCordon? cordon) => cordon is null ? null
        : new Cordon { Host = cordon.Host.Value, Cordoned = true, By = cordon.By, Reason = cordon.Reason, Since = Timestamp.FromDateTimeOffset(cordon.Since) };

    private static Drain View(DrainView view)
    {
        DrainRecord drain = view.Drain;
        Drain shown = new()
        {
            Id = drain.Id == Guid.Empty ? "" : drain.Id.ToString(),
            Host = drain.Job.Host.Value,
            MaxParallel = drain.Job.MaxParallel,
            StopOnFailures = drain.Job.StopOnFailures,
            By = drain.By,
            Reason = drain.Reason,
            AskedAt = Timestamp.FromDateTimeOffset(drain.AskedAt),
            EndedAt = drain.EndedAt is { } ended ? Timestamp.FromDateTimeOffset(ended) : null,
            Outcome = drain.Outcome?.ToString() ?? "",
            Sentence = drain.Sentence.Length > 0 ? drain.Sentence : view.Unknown,
            LargestBlackoutMicros = view.Tries.Max(t => t.BlackoutMicros) ?? 0,
        };
        Dictionary<VmName, DrainedGuest> guests = view.Tries.GroupBy(t => t.Vm).ToDictionary(g => g.Key, g => Tried(g.Key, [.. g]));
        foreach (DrainGuest moving in view.Source?.Residents.Where(g => g.GoesTo is not null) ?? [])
        {
            DrainedGuest guest = Of(guests, moving.Vm);
            (guest.State, guest.Destination) = ("Moving", moving.GoesTo!.Value);
        }

        foreach (DrainMove move in view.Plan?.Moves ?? [])
        {
            DrainedGuest guest = Of(guests, move.Guest.Vm);
            (guest.State, guest.Destination) = ("Waiting", move.Destination.Value);
        }

        foreach (DrainWait wait in view.Plan?.Waits ?? [])
        {
            DrainedGuest guest = Of(guests, wait.Guest.Vm);
            (guest.State, guest.Sentence) = (wait.NeedsAPerson ? "Left" : "Waiting", guest.Sentence.Length > 0 ? $"{wait.Sentence}; last try: {guest.Sentence}" : wait.Sentence);
        }

        shown.Guests.AddRange(guests.OrderBy(g => g.Key.Value, StringComparer.Ordinal).Select(g => g.Value));
        return shown;
    }

    private static DrainedGuest Of(Dictionary<VmName, DrainedGuest> guests, VmName vm)
    {
        if (!guests.TryGetValue(vm, out DrainedGuest? guest))
        {
            guests[vm] = guest = new DrainedGuest { Vm = vm.Value };
        }

        return guest;
    }

    private static DrainedGuest Tried(VmName vm, IReadOnlyList<DrainTry> tries)
    {
        DrainTry newest = tries[^1];
        return new DrainedGuest
        {
            Vm = vm.Value,
            State = newest.IsOpen ? "Moving" : newest.HasFailed ? "Left" : "Moved",
            Destination = newest.Destination.Value,
            Tries = tries.Count,
            MigrationId = newest.MigrationId ?? "",
            Verdict = newest.Verdict,
            BlackoutMicros = newest.BlackoutMicros ?? 0,
            Sentence = newest.HasFailed ? newest.Reason : "",
        };
    }
}
