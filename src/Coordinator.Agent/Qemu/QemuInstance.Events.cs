using Coordinator.AgentProtocol;
using Coordinator.Domain.QemuModel;
using Coordinator.Qmp;
using Coordinator.Qmp.Schema;

namespace Coordinator.Agent.Qemu;

internal sealed partial class QemuInstance
{
    /// <summary>On the thread that reads the monitor, before anything that arrived later is looked at.</summary>
    private void OnEvent(QmpConnection monitor, QmpEvent happened)
    {
        _history?.Heard(happened);
        GuestEvent guestEvent = GuestEvent.Parse(happened);
        (QemuSight? sight, long sequence) = Follow(guestEvent);
        _tell(new QemuNews(this, guestEvent, sight, Sequence: sequence));
        switch (guestEvent)
        {
            case MigrationStatusChanged { Status: "completed" } when IsArriving:
                _ = TellLoadedAsync(monitor);
                break;
            case GuestStopped or GuestResumed or MigrationStatusChanged when sight is null:
            case GuestShutDown or GuestReset:
                Observe();
                break;
            default:
                break;
        }
    }

    /// <summary>What is known now because of the event, or null when QEMU has to be asked.</summary>
    private (QemuSight? Sight, long Sequence) Follow(GuestEvent guestEvent)
    {
        if (guestEvent is not (MigrationStatusChanged or GuestStopped or GuestResumed or GuestShutDown or GuestReset))
        {
            return (null, 0);
        }

        lock (_gate)
        {
            _stateEvents++;
            _ringsAhead = guestEvent is GuestResumed ? null : _ringsAhead;
            if (_sight is not { } before)
            {
                return (null, 0);
            }

            QemuSight? after = guestEvent switch
            {
                MigrationStatusChanged changed => Changed(before, MigrationStatusWords.Parse(changed.Status)),
                GuestResumed => before with { Run = RunState.Running },

                // QEMU stops the guest of a migration for finish-migrate, and for nothing else while it copies (a person's `stop` shows in the next observation).
                GuestStopped when before.Status.IsInProgress() && !IsArriving => before with { Run = RunState.FinishMigrate },
                GuestStopped => null,
                _ => null,
            };
            _sight = after;
            return (after, ++_sequence);
        }
    }

    private QemuSight? Changed(QemuSight before, MigrationStatus status)
    {
        if (status is MigrationStatus.PreSwitchover or MigrationStatus.Device)
        {
            _quietUntil = Environment.TickCount64 + (long)s_quiet.TotalMilliseconds;
            return new QemuSight(RunState.FinishMigrate, status, HasArrived: false);
        }

        // A destination that has loaded is in `paused` or `prelaunch`; which one is asked together with its rings.
        return IsArriving && status == MigrationStatus.Completed ? null : new QemuSight(before.Run, status, HasArrived: false);
    }

    /// <summary>State and rings in one go, at once: the release is under way from the source, and the gate needs both.</summary>
    private async Task TellLoadedAsync(QmpConnection monitor)
    {
        try
        {
            IReadOnlyList<VirtioDevice> devices = Devices ??= await new RingReader(monitor, _trackedDevices).ListAsync(null, _stop.Token);
            int generation = Generation;
            long before = StateEvents;
            (FinalReading reading, QmpReply[] states) = await ReadFinalAsync(monitor, devices);
            QemuSight sight = SightOf(RunStatus.Parse(states[0].Result), MigrationInfo.Parse(states[1].Result));
            if (TrySee(sight, before) is { } sequence)
            {
                _tell(new QemuNews(this, Sight: sight, Generation: generation, Loaded: reading, Sequence: sequence));
            }
            else
            {
                Observe();
            }
        }
        catch (Exception e) when (e is QmpException or DeviceNotFoundException)
        {
            LogNotRead(Launch.ToString(), e.Message);
            Observe();
        }
        catch (OperationCanceledException)
        {
            return;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The rings of QEMU {Launch} could not be read at the end of its load: {Reason}")]
    private partial void LogNotRead(string launch, string reason);
}
