using System.Globalization;
using Akka.Actor;
using Coordinator.Actors.Admission;
using Coordinator.Actors.Views;
using Coordinator.Contracts;
using Coordinator.Domain.Draining;
using Coordinator.Domain.Migration;

namespace Coordinator.Actors.Migrations;

/// <summary>Its place in the line: what this entity tells its node's desk, and what it is told. Nothing of it is journalled.</summary>
internal sealed partial class MigrationActor
{
    private const string NotYetAsked = "waits for its turn";

    private (Guid Migration, int Attempt)? _given;
    private (Guid Migration, string Sentence) _delayed;
    private (Guid Migration, int Attempt, TimeSpan Until)? _backOff;
    private SlotEntry? _shownSlot;

    private bool IsRationed => !_parts.Admission.IsNobody();

    /// <summary>For the entity that is decided on: why the next attempt is not opened. Of a migration that is yet to be asked for, or to fall back, it is not known.</summary>
    private string? Queued()
    {
        if (Cordon() is { } cordon)
        {
            return $"waits: {cordon}; 'coordctl host uncordon {cordon.Host}' lets it go on, 'coordctl cancel {_vm}' ends it";
        }

        if (!IsRationed)
        {
            return null;
        }

        if (Active is not { Phase: MigrationPhase.Pending or MigrationPhase.Scheduling } m)
        {
            return NotYetAsked;
        }

        return _given == (m.Id, m.AttemptsMade) ? null
            : BackOff(m) is { } wait ? wait
            : _delayed.Migration == m.Id ? _delayed.Sentence
            : NotYetAsked;
    }

    /// <summary>Of the destination of a migration whose next attempt is not open.</summary>
    private HostCordon? Cordon() => Active is { Phase: MigrationPhase.Pending or MigrationPhase.Scheduling, WantsBack: false } m ? _parts.Cordons.Of(m.Destination) : null;

    /// <summary>The sentence of a back-off that is not over; it counts from when this life first sees the need of it.</summary>
    private string? BackOff(MigrationState m)
    {
        if (m.AttemptsMade == 0)
        {
            return null;
        }

        if (_backOff is not { } backOff || (backOff.Migration, backOff.Attempt) != (m.Id, m.AttemptsMade))
        {
            _backOff = backOff = (m.Id, m.AttemptsMade, Now + _parts.BackOffAfter(m.AttemptsMade));
            Timers.StartSingleTimer(BackOffOver.Instance, BackOffOver.Instance, backOff.Until - Now);
        }

        return Now >= backOff.Until ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"waits before attempt {m.AttemptsMade + 1} of {m.Policy.MaxAttempts}, which is not tried for {_parts.BackOffAfter(m.AttemptsMade).TotalSeconds:0.#} s after the last one: {m.Reason}");
    }

    private void ShowSlot()
    {
        if (!IsRationed)
        {
            return;
        }

        SlotEntry? slot = SlotNow();
        if (slot is null)
        {
            // Given back: it is asked for again.
            _given = null;
        }

        if (slot == _shownSlot)
        {
            return;
        }

        _shownSlot = slot;
        _parts.Admission.Tell(slot is null ? new LeaveSlot(_vm.Value) : new ShowSlot(slot));
    }

    private SlotEntry? SlotNow()
    {
        if (Active is not { } m)
        {
            return null;
        }

        bool wants = m.Phase is MigrationPhase.Pending or MigrationPhase.Scheduling && !m.WantsBack && _parts.Hold.Current is null && Cordon() is null && BackOff(m) is null;

        // From the running guest on nothing is streamed any more; nor in a doubt, which may last for days.
        bool holds = m.Phase is MigrationPhase.PreparingDestination or MigrationPhase.Iterating or MigrationPhase.Switchover or MigrationPhase.RollingBack;
        return wants || holds
            ? new SlotEntry(
                _vm.Value, m.Id, m.AttemptsMade, holds, m.Source.Value, m.Destination.Value, PolicyText.Write(m.Policy.Priority), m.Policy.BandwidthBytesPerSec,
                _history.Newest?.RequestedAt?.ToUnixTimeMilliseconds() ?? 0)
            : null;
    }

    private void OnSlotGiven(SlotGiven given)
    {
        if (Active is { Phase: MigrationPhase.Pending or MigrationPhase.Scheduling } m && (m.Id, m.AttemptsMade) == (given.Migration, given.Attempt))
        {
            _given = (given.Migration, given.Attempt);
            Execute(reply: null);
        }
    }

    private void OnSlotDelayed(SlotDelayed delayed)
    {
        _delayed = (delayed.Migration, delayed.Sentence);
        PublishSoon();
    }

    private sealed class BackOffOver : INoSerializationVerificationNeeded
    {
        internal static readonly BackOffOver Instance = new();
    }
}
