using Akka.Actor;
using Akka.Event;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Failpoints;

namespace Coordinator.Actors.Migrations;

/// <summary>Failpoints of one entity. One that holds lets messages of this VM wait and no other VM's, without a thread.</summary>
internal sealed partial class MigrationActor
{
    private Action? _held;

    private static string StepPlace(VmEffect effect) => FailpointCatalogue.Place("coordinator.step", effect.GetType().Name);

    /// <summary>A step whose failpoint fails is a message that was lost.</summary>
    private static async Task MailLaterAsync(IHostMail mail, HostName host, CoordinatorMessage message, string point, string vm)
    {
        try
        {
            await Failpoint.HitAsync(point, vm);
            mail.Send(host, message);
        }
        catch (FailpointException)
        {
            // It is sent again when it is due again.
        }
    }

    private void Between(IReadOnlyList<VmEvent> events, Func<string, string> moment, Action rest) =>
        Between(events.Select(happened => moment(FailpointCatalogue.Place("coordinator.persist", happened.GetType().Name))).ToList(), rest);

    private void Between(IReadOnlyList<string> points, Action rest)
    {
        Task hits = HitAsync(points);
        if (hits.IsCompletedSuccessfully)
        {
            rest();
            return;
        }

        _held = rest;
        _ = hits.PipeTo(Self, success: () => HoldOver.Done, failure: failed => new HoldOver(failed));
    }

    /// <summary>True for a message that has to wait, and for the one that ends the waiting.</summary>
    private bool HeldBack(object message)
    {
        if (message is HoldOver over)
        {
            Action rest = _held!;
            _held = null;
            Stash.UnstashAll();
            if (over.Failed is { } failed)
            {
                // As a journal that refuses: it stops, is started again and reads the truth.
                _log.Error(failed, "{0}: a failpoint failed; the entity stops and reads its journal again", PersistenceId);
                Context.Stop(Self);
                return true;
            }

            rest();
            return true;
        }

        if (_held is null)
        {
            return false;
        }

        Stash.Stash();
        return true;
    }

    private async Task HitAsync(IReadOnlyList<string> points)
    {
        foreach (string point in points)
        {
            await Failpoint.HitAsync(point, _vm.Value);
        }
    }

    private sealed record HoldOver(Exception? Failed) : INoSerializationVerificationNeeded
    {
        internal static readonly HoldOver Done = new(Failed: null);
    }
}
