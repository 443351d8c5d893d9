using Coordinator.Actors.Migrations;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Google.Protobuf.WellKnownTypes;
using Api = Coordinator.Contracts.Api;

namespace Coordinator.Actors.Views;

/// <summary>The line of a VM in the fleet's list.</summary>
internal static class VmSummaryView
{
    /// <param name="vm">The VM.</param>
    /// <param name="history">Of the living entity.</param>
    /// <param name="views">What its hosts have reported.</param>
    /// <param name="live">What only the entity knows.</param>
    /// <param name="node">Where it lives.</param>
    internal static VmSummary Of(VmName vm, VmHistory history, HostViews views, LiveMigration live, string node)
    {
        Residence residence = history.State.Residence;
        MigrationStory? story = history.Newest;
        MigrationState? m = story?.State;
        string runState = views.Of(residence.Host) is { Evidence.Guest: { } seen, Raw.Guest: { } guest } && seen.Launch == residence.Launch ? guest.RunState : "";
        return new VmSummary(
            vm.Value,
            MigrationView.Version(history.Sequence, live.Samples),
            node,
            residence.Kind.ToString(),
            residence.Host?.Value ?? "",
            runState,
            m?.Id.ToString() ?? "",
            m?.Phase.ToString() ?? "",
            m?.Phase.IsTerminal() ?? false,
            m?.Source.Value ?? "",
            m?.Destination.Value ?? "",
            m?.Attempt.Value ?? 0,
            m?.CancelRequested ?? false,
            m?.Verdict is { } verdict ? VmEventText.VerdictWord(verdict) : "",
            Cut(story is null ? residence.Kind == ResidenceKind.Absent ? history.GoneReason : "" : MigrationView.Reason(story, live.Waiting)),
            story?.RequestedAt?.ToUnixTimeMilliseconds() ?? 0,
            story?.PhaseSince?.ToUnixTimeMilliseconds() ?? 0,
            story?.EndedAt?.ToUnixTimeMilliseconds() ?? 0,
            history.ChangedAt.ToUnixTimeMilliseconds(),
            live.FiguresAreOld ? null : Figures(live.Progress ?? story?.Progress));
    }

    /// <summary>From the public resources, as they were read from the journal.</summary>
    internal static VmSummary Of(Api.VirtualMachine vm, Api.Migration? m) => new(
        vm.Name,
        m?.Version ?? 0,
        Node: "",
        vm.Residence,
        vm.Host,
        vm.RunState,
        m?.Id ?? "",
        m?.Phase ?? "",
        m?.Terminal ?? false,
        m?.SourceHost ?? "",
        m?.DestinationHost ?? "",
        m?.Attempt ?? 0,
        m?.CancelRequested ?? false,
        m?.Verdict ?? "",
        Cut(m is null ? vm.Message : m.Reason),
        UnixMs(m?.RequestedAt),
        PhaseSinceUnixMs: 0,
        UnixMs(m?.EndedAt),
        UnixMs(m?.Timeline.LastOrDefault()?.At),
        m?.Progress is { } p ? new CopyFigures(p.Pass, p.RemainingBytes, p.TransferredBytes, p.TotalBytes, p.DirtyPagesPerSec, p.ElapsedMs) : null);

    private static CopyFigures? Figures(CopyProgress? progress) => progress is { } p
        ? new CopyFigures(p.Pass, p.RemainingBytes, p.TransferredBytes, p.TotalBytes, p.DirtyPagesPerSec, p.ElapsedMs)
        : null;

    private static string Cut(string reason) => reason.Length <= VmSummary.MaxReason ? reason : reason[..(VmSummary.MaxReason - 1)] + "…";

    private static long UnixMs(Timestamp? at) => at?.ToDateTimeOffset().ToUnixTimeMilliseconds() ?? 0;
}
