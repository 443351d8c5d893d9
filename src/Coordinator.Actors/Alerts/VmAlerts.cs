using System.Globalization;
using Coordinator.Actors.Migrations;
using Coordinator.Domain;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Alerts;

/// <summary>Which alerts a journalled event raises. Pure, so that a living entity and one that reads its journal back draw the same, with the same ids.</summary>
internal sealed class VmAlerts(VmName vm, string node)
{
    /// <summary>Alerts of one event, but for the doubt itself, which is raised as long as it lasts (<see cref="InDoubt"/>).</summary>
    internal IEnumerable<Alert> Of(VmState before, TimelineRecord entry, VmState after)
    {
        if (after.Migration is not { } m)
        {
            yield break;
        }

        switch (entry.Record.Event)
        {
            case VmEvent.ForeignRunReported ran:
                yield return Make(AlertKind.ForeignRun, m, entry, VmEventText.Describe(ran)) with { Host = ran.Host.Value };
                break;
            case VmEvent.DoubtResolved resolved:
                DoubtResolution word = resolved.Resolution;
                yield return Make(AlertKind.DoubtResolved, m, entry, $"{VmEventText.Describe(resolved)}; {m.Reason}") with { Word = Word(word) };
                break;
            default:
                break;
        }

        if (before.Migration is { Phase: MigrationPhase.InDoubt } doubted && doubted.Id == m.Id && m.Phase != MigrationPhase.InDoubt)
        {
            string how = doubted.Resolution is not { } word ? "by evidence"
                : IsCarriedOut(word.Choice, entry.Record.Event) ? $"carried out by the word of {word.Word}"
                : $"by evidence; the word of {word.Word}, {word.Choice}, was not carried out";
            string said = VmEventText.Describe(entry.Record.Event);
            yield return Make(AlertKind.DoubtEnded, m, entry, $"{entry.Record.Event.GetType().Name}, {how}{(said.Length > 0 ? $": {said}" : "")}") with
            {
                Word = doubted.Resolution is { } given ? Word(given) : null,
            };
        }
    }

    /// <summary>The doubt that lasts, from the event that opened it. Null when the journal's story no longer holds that event, which a story of 400 events might not.</summary>
    internal Alert? InDoubt(MigrationStory story)
    {
        TimelineRecord? opened = story.Timeline.LastOrDefault(e => e.Record.Event is VmEvent.DoubtRaised or VmEvent.ResolutionFailed);
        return opened is null ? null : Make(AlertKind.MigrationInDoubt, story.State, opened, story.State.Reason);
    }

    /// <summary>A word may be overtaken: the copy that it gave up was seen running, say.</summary>
    private static bool IsCarriedOut(DoubtChoice choice, VmEvent ended) => choice switch
    {
        DoubtChoice.Lost => ended is VmEvent.GuestLost,
        DoubtChoice.KeepSource => ended is VmEvent.AttemptEnded,
        DoubtChoice.RunDestination or DoubtChoice.ReleaseFromRecord => ended is VmEvent.GuestRunsAtDestination,
        _ => throw new InvalidOperationException($"unknown choice {choice}"),
    };

    private static AlertWord Word(DoubtResolution resolution) => new(resolution.Word.By, resolution.Word.Proof, resolution.Choice.ToString(), [.. resolution.Disks]);

    private Alert Make(AlertKind kind, MigrationState m, TimelineRecord entry, string evidence) => new(
        kind,
        string.Create(CultureInfo.InvariantCulture, $"{vm}/{m.Id}/{entry.Sequence}/{kind}"),
        vm.Value,
        m.Id.ToString(),
        m.Attempt.Value,
        m.Source.Value,
        m.Destination.Value,
        m.Phase.ToString(),
        evidence,
        entry.Record.At,
        node,
        Repetition: false);
}
