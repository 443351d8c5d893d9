using Akka.Actor;
using Coordinator.Actors.Alerts;
using Coordinator.Contracts;
using Coordinator.Domain.Migration;
using Coordinator.Journal;

namespace Coordinator.Actors.Migrations;

/// <summary>What is counted and whom it is told to: metrics and alerts, from journalled events only.</summary>
internal sealed partial class MigrationActor
{
    /// <summary>
    /// Alerts about something that has happened are told again after a recovery if they are younger: the coordinator before may have died with them undelivered. Older ones would only come again
    /// with every restart. (A doubt is told again however old it is.) By wall clocks, which may differ between nodes; it decides about a repetition and nothing else.
    /// </summary>
    private static readonly TimeSpan s_repeatedFor = TimeSpan.FromHours(1);

    private readonly List<Alert> _recovered = [];
    private string? _doubtAlert;
    private bool _hasPerformed;

    private VmAlerts AlertsOfVm => new(_vm, _parts.Node);

    private void Apply(VmRecord record, bool isReplay)
    {
        VmState before = State;
        DateTimeOffset? phaseSince = _history.Newest?.PhaseSince;
        _history.Apply(record, LastSequenceNr);
        IEnumerable<Alert> alerts = AlertsOfVm.Of(before, new TimelineRecord(record, LastSequenceNr), State);
        if (isReplay)
        {
            _recovered.AddRange(alerts.Where(a => _parts.Clock.GetUtcNow() - a.RaisedAt < s_repeatedFor));
            return;
        }

        _parts.Metrics.Events.Count(record, before, State, phaseSince, _history.Newest?.RequestedAt);
        foreach (Alert alert in alerts)
        {
            _parts.Alerts.Tell(new RaiseAlert(alert));
        }
    }

    private void RaiseRecovered()
    {
        foreach (Alert alert in _recovered)
        {
            _parts.Alerts.Tell(new RaiseAlert(alert with { Repetition = true }));
        }

        _recovered.Clear();
    }

    /// <summary>Level-triggered, like everything that effects ask for: the alert stands as long as the doubt does.</summary>
    private void AlertOfDoubt(bool isWanted)
    {
        // What stands when this life performs for the first time was raised by an earlier one.
        bool isRepetition = !_hasPerformed;
        _hasPerformed = true;
        Alert? alert = isWanted && _history.Newest is { } story ? AlertsOfVm.InDoubt(story) : null;
        if (alert?.Id == _doubtAlert)
        {
            return;
        }

        WithdrawDoubt();
        if (alert is not null)
        {
            _doubtAlert = alert.Id;
            _parts.Alerts.Tell(new RaiseAlert(alert with { Repetition = isRepetition }));
        }
    }

    /// <summary>Over, or the entity goes on at another node and raises it there.</summary>
    private void WithdrawDoubt()
    {
        if (_doubtAlert is { } id)
        {
            _doubtAlert = null;
            _parts.Alerts.Tell(new WithdrawAlert(id));
        }
    }

    private void CountRefusal(AnswerKind kind, VmCommand? command)
    {
        string? counted = kind switch
        {
            AnswerKind.FailedPrecondition when command is VmCommand.Migrate && Entity.Hold is not null => "held",
            AnswerKind.FailedPrecondition => "precondition",
            AnswerKind.NotFound => "not_found",
            _ => null,
        };
        if (counted is not null)
        {
            _parts.Metrics.CountRefusal(counted);
        }
    }
}
