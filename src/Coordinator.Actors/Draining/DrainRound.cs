using System.Globalization;
using Akka.Actor;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Draining;

namespace Coordinator.Actors.Draining;

/// <summary>
/// One step of a drain, which any node may take at any moment, also two at once: what is tried is written down first, and asked for with a request id that follows from it.
/// </summary>
internal sealed class DrainRound(DrainTable table, DrainSurvey survey, IActorRef region)
{
    private static readonly TimeSpan s_answeredWithin = TimeSpan.FromSeconds(5);

    private static readonly PolicyChoice s_policy = new(null, null, null, null, null, null, null, null, null);

    /// <exception cref="DrainBlindException">Not everything is known now.</exception>
    public async Task Run(DrainRecord drain, CancellationToken stop)
    {
        IReadOnlyList<DrainTry> tries = table.Tries(drain.Id);
        foreach (DrainTry unanswered in tries.Where(t => t is { IsOpen: true, MigrationId: null }))
        {
            await AskFor(drain, unanswered, stop).ConfigureAwait(false);
        }

        tries = table.Tries(drain.Id);
        DrainFacts facts = await survey.Look(drain.Job, tries, stop).ConfigureAwait(false);
        if (facts.Ended.Count > 0)
        {
            // Their guests are judged by where they are then.
            foreach (DrainTry ended in facts.Ended)
            {
                table.NoteEnded(drain.Id, ended);
            }

            return;
        }

        foreach (DrainGuest guest in facts.Source.Residents.Where(g => g is { IsOurs: true, IsQueued: true } && facts.Others.Any(h => h.Host == g.GoesTo && h.CordonedBecause is not null)))
        {
            // It would wait for as long as the cordon stands; its next try goes elsewhere.
            DrainTry waiting = tries.Last(t => t.Vm == guest.Vm && t.MigrationId is not null);
            region.Tell(new CancelMigration(guest.Vm.Value, $"{RequestOf(drain, waiting)}-elsewhere", waiting.MigrationId!), ActorRefs.NoSender);
        }

        DrainPlan plan = DrainPlan.Of(drain.Job, facts.Source, facts.Others);
        foreach (DrainMove move in plan.Moves)
        {
            int number = tries.Count(t => t.Vm == move.Guest.Vm) + 1;
            if (table.AddTry(drain.Id, move.Guest.Vm, number, move.Destination))
            {
                await AskFor(drain, new DrainTry(move.Guest.Vm, number, move.Destination, null, null, "", "", null, ""), stop).ConfigureAwait(false);
            }
        }

        if (plan.Moves.Count == 0 && tries.All(t => !t.IsOpen) && Outcome(plan) is { } outcome)
        {
            table.End(drain.Id, outcome, Sentence(outcome, plan, tries));
        }
    }

    private static DrainOutcome? Outcome(DrainPlan plan) =>
        plan.IsEmpty ? DrainOutcome.Drained
        : !plan.IsOver ? null
        : plan.Stopped ? DrainOutcome.Stopped
        : DrainOutcome.Incomplete;

    private static string Sentence(DrainOutcome outcome, DrainPlan plan, IReadOnlyList<DrainTry> tries)
    {
        int moved = tries.Where(t => t.Outcome == DrainTry.Succeeded).Select(t => t.Vm).Distinct().Count();
        int lost = tries.Count(t => t.Outcome == "Lost");
        string guests = string.Create(CultureInfo.InvariantCulture, $"{moved} {(moved == 1 ? "guest was" : "guests were")} moved");
        string unlucky = lost == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {lost} {(lost == 1 ? "was" : "were")} lost");
        return outcome == DrainOutcome.Drained
            ? $"{guests}{unlucky}; the host is empty"
            : string.Create(CultureInfo.InvariantCulture, $"{guests}{unlucky}; {plan.Waits.Count} run on there: {string.Join("; ", plan.Waits.Select(w => $"{w.Guest.Vm} {w.Sentence}"))}");
    }

    private static string RequestOf(DrainRecord drain, DrainTry tried) => string.Create(CultureInfo.InvariantCulture, $"drain-{drain.Id:N}-{tried.Number}");

    private async Task AskFor(DrainRecord drain, DrainTry tried, CancellationToken stop)
    {
        QueueMigration request = new(tried.Vm.Value, RequestOf(drain, tried), tried.Destination.Value, s_policy, "drain", QueueDeadlineMs: null);
        VmAnswer answer;
        try
        {
            answer = await region.Ask<VmAnswer>(request, s_answeredWithin, stop).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // It may have been taken on: the next round asks again with the same id.
            return;
        }

        if (answer.Kind == AnswerKind.Accepted)
        {
            table.NoteAccepted(drain.Id, tried, answer.MigrationId);
        }
        else if (answer.Kind != AnswerKind.ResourceExhausted)
        {
            table.NoteEnded(drain.Id, tried with { Outcome = DrainTry.Refused, Reason = answer.Message });
        }
    }
}
