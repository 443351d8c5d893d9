using Coordinator.Actors.Views;

namespace Coordinator.Actors.Migrations;

/// <summary>The VM's line in the fleet's list: after every journalled change, when what it waits for has changed, and, only while somebody looks, for samples.</summary>
internal sealed partial class MigrationActor
{
    private static readonly TimeSpan s_fleetPause = TimeSpan.FromSeconds(1);

    private TimeSpan _inFleetAt;
    private string _waitingInFleet = "";

    private void ShowInFleet()
    {
        Timers.Cancel(FleetDue.Instance);
        if (LastSequenceNr == 0)
        {
            // A VM that nobody ever started; somebody asked for its name.
            return;
        }

        _inFleetAt = Now;
        _waitingInFleet = Active is null ? "" : Waiting();
        LiveMigration live = new(_liveProgress, [], _waitingInFleet, _samples) { FiguresAreOld = Active is not null && !_figuresHeard };
        _parts.Fleet.Show(VmSummaryView.Of(_vm, _history, _views, live, _parts.Node));
    }

    private void ShowSampleInFleet()
    {
        if (_parts.Fleet.WantsSamples && !Timers.IsTimerActive(FleetDue.Instance))
        {
            TimeSpan pause = _inFleetAt + s_fleetPause - Now;
            Timers.StartSingleTimer(FleetDue.Instance, FleetDue.Instance, pause > TimeSpan.Zero ? pause : TimeSpan.Zero);
        }
    }

    /// <summary>Nothing is journalled when a host falls silent, and yet it is what an operator wants to read.</summary>
    private void ShowWaitingInFleet()
    {
        if (Active is not null && Waiting() != _waitingInFleet)
        {
            // A line of its own version: the sequence is the same.
            _samples++;
            ShowInFleet();
        }
    }
}
