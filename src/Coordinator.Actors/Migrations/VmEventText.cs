using System.Globalization;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;

namespace Coordinator.Actors.Migrations;

/// <summary>Events in one line each, for timelines.</summary>
internal static class VmEventText
{
    internal static string NameOf(VmEvent happened) => happened.GetType().Name;

    internal static string Describe(VmEvent happened) => happened switch
    {
        VmEvent.IncarnationStarted e => $"epoch {e.Epoch}",
        VmEvent.VmStartOrdered e => $"on {e.Host}, launch {e.Launch}",
        VmEvent.VmResident e => $"on {e.Host}, launch {e.Launch}",
        VmEvent.ResidenceCorrected e => $"on {e.Host}, launch {e.Launch}, as its agent says: this journal is older than attempt {e.Attempt}",
        VmEvent.VmStopOrdered => "",
        VmEvent.VmGone e => e.Reason,
        VmEvent.MigrationRequested e => $"{e.Source} to {e.Destination}, request {e.Request}",
        VmEvent.MigrationScheduled => "",
        VmEvent.AttemptOpened e => $"attempt {e.Attempt}, launch {e.Launch}",
        VmEvent.DestinationPrepared e => $"attempt {e.Attempt}, store {e.Store}",
        VmEvent.RehearsalCompleted e => (
            $"round trip {Ms(e.Measured.RoundTripMicros)} ms, sync {Ms(e.Measured.SyncMicros)} ms, "
            + $"clocks differ by {Ms(e.Measured.ClockOffsetMicros)} ± {Ms(e.Measured.ClockUncertaintyMicros)} ms"),
        VmEvent.SwitchoverAuthorized e => $"attempt {e.Attempt}: every queue is ready; the agents may finish alone",
        VmEvent.IterationCompleted e => string.Create(
            CultureInfo.InvariantCulture,
                $"pass {e.Progress.Pass}: {e.Progress.RemainingBytes >> 20} MiB remaining, {e.Progress.TransferredBytes >> 20} MiB sent"),
        VmEvent.CancelRequested e => $"request {e.Request}",
        VmEvent.PhaseTimedOut e => e.Phase.ToString(),
        VmEvent.StartRefused e => e.Reason,
        VmEvent.SwitchoverEntered => "the guest stands still",
        VmEvent.GuestRunsAtDestination => "",
        VmEvent.BlackoutMeasured e => string.Create(
            CultureInfo.InvariantCulture, $"{e.Blackout.TotalMicros / 1_000.0:0.00} ± {e.Blackout.UncertaintyMicros / 1_000.0:0.00} ms"),
        VmEvent.QueuesJudged e => string.Join(", ", e.Judgements.GroupBy(j => j.Outcome).OrderBy(g => g.Key).Select(g => $"{g.Count()} {g.Key}")),
        VmEvent.VerdictReached e => VerdictWord(e.Verdict),
        VmEvent.GateRefused e => string.Join("; ", e.Findings),
        VmEvent.AttemptEnded e => e.Reason,
        VmEvent.DebtSettled e => $"{e.Host}, attempt {e.Attempt}",
        VmEvent.DoubtRaised e => e.Evidence,
        VmEvent.HostProvenOff e => $"{e.Host}, by the word of {e.Word}",
        VmEvent.DoubtResolved e => Describe(e.Resolution),
        VmEvent.ResolutionFailed e => e.Reason,
        VmEvent.ForeignRunReported e => $"ALARM: a copy ran without a grant on {e.Host}: somebody else continued it, and its agent stopped it",
        VmEvent.GuestLost e => e.Evidence,
        VmEvent.MigrationEnded e => e.Reason.Length == 0 ? e.Phase.ToString() : $"{e.Phase}: {e.Reason}",
        _ => throw new InvalidOperationException($"unknown event {happened}"),
    };

    internal static string Describe(DoubtResolution resolution) =>
        $"{resolution.Choice}, by the word of {resolution.Word}{(resolution.MayRewind ? $"; disks that may be rewound: {string.Join(", ", resolution.Disks)}" : "")}";

    private static string Ms(long micros) => (micros / 1_000.0).ToString("0.00", CultureInfo.InvariantCulture);

    internal static string VerdictWord(MigrationVerdict verdict) => verdict switch
    {
        MigrationVerdict.Verified => "Verified",
        MigrationVerdict.VerifiedLapBlind => "Verified(lap-blind)",
        MigrationVerdict.Suspect => "Suspect",
        MigrationVerdict.Refused => "Refused",
        _ => throw new InvalidOperationException($"unknown verdict {verdict}"),
    };

    internal static string Describe(Owed owed) => owed switch
    {
        Owed.CleanUp => $"{owed.Host} has not confirmed yet that nothing of attempt {owed.Attempt} is left there",
        Owed.EndOverruled => $"{owed.Host} has not confirmed yet that nothing of attempt {owed.Attempt}, which a person's word gave up there, is left",
        Owed.EndSource => $"{owed.Host} has not confirmed yet that the handed-over source of attempt {owed.Attempt} has ended",
        _ => throw new InvalidOperationException($"unknown debt {owed}"),
    };
}
