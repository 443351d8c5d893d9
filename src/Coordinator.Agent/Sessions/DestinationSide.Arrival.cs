using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Qemu;
using Coordinator.AgentProtocol;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Coordinator.Qmp;

namespace Coordinator.Agent.Sessions;

/// <summary>From the launch of the destination to listening, and what follows when the guest runs here.</summary>
internal sealed partial class DestinationSide
{
    private const int ReadEveryMs = 250;

    private AttemptNo _followed;
    private long? _watchDueMs;
    private long _watchEndMs;
    private bool _isWatching;

    /// <summary>Answers a coordinator's PrepareDestination: null when QEMU listens, else the sentence of the refusal.</summary>
    public Action<AttemptNo, string?> Prepared { get; set; } = (_, _) => { };

    private async Task LaunchAsync(AttemptNo attempt, LaunchId launchId)
    {
        string? refusal;
        if (session.Guests.RecordOf(launchId) is not { IsGone: false, Identity: null } launch)
        {
            // A launch id names one process for ever.
            refusal = "the QEMU of this attempt was launched before and has ended";
        }
        else
        {
            refusal = await LaunchAndListenAsync(launch);
        }

        session.Post(new SessionInput.ToldOnce(() => LaunchedAsync(attempt, launchId, refusal)));
    }

    private async Task<string?> LaunchAndListenAsync(LaunchRecord launch)
    {
        QemuInstance? guest = null;
        try
        {
            QemuCommandLine line = launch.Definition.CommandLine(session.Agent.Host.ForDefinitions, LaunchRole.Incoming, launch.LaunchText);
            guest = await session.Guests.LaunchAsync(launch, line);
            QemuLayout layout = await guest.ReadLayoutAsync(ReadingKind.Unloaded);
            session.Post(() => Facts.Layout = layout);
            return await ListenAsync(guest);
        }
        catch (Exception e) when (!session.Stopping.IsCancellationRequested
            && e is QemuLaunchException or DefinitionException or QemuUnreachableException or QmpException or DeviceNotFoundException or State.AgentStoreException
                or OperationCanceledException or TimeoutException)
        {
            // It did not come up, or cannot serve: it must not stay behind as a copy that nobody asked for.
            if (guest is not null)
            {
                await guest.EndAsync(TimeSpan.Zero, s_killLimit);
            }

            return e is OperationCanceledException ? $"QEMU of VM {session.Vm} ended while it was being prepared" : e.Message;
        }
    }

    private async Task<string?> ListenAsync(QemuInstance guest)
    {
        int? bound = await guest.ListeningPortAsync();
        int taken = 0;
        if (bound is null)
        {
            if (session.Agent.Ports.Take() is not { } port)
            {
                await guest.EndAsync(TimeSpan.Zero, s_killLimit);
                return $"no port for the migration stream is free on host {session.Agent.Host.HostId} ({session.Agent.Ports.Range}); widen 'migrationStream.listen' or wait for another migration to end";
            }

            taken = port;
            bound = await guest.ListenAsync(session.Agent.Ports.ListenUri(port));
        }

        session.Post(() =>
        {
            Facts.Port = taken;
            Facts.StreamUri = session.Agent.Ports.AdvertisedUri(bound.Value);
            Facts.IsListening = true;
            session.ReportChanged(atOnce: true);
        });
        return null;
    }

    private async ValueTask LaunchedAsync(AttemptNo attempt, LaunchId launchId, string? refusal)
    {
        if (refusal is not null && attempt == session.Destination.Records.Attempt)
        {
            Facts.Error = refusal;
        }

        // Nothing runs under this launch id: whatever was begun has been ended and proven gone.
        if (refusal is not null && session.Guests.Of(launchId) is null && session.Guests.RecordOf(launchId) is { IsGone: false } launch)
        {
            await session.Guests.RecordAsync(launch with { IsGone = true });
            session.Agent.Promises.Settle(launchId);
        }

        await session.FeedAsync(new DestinationInput.LaunchIssued(attempt));
        if (session.Guests.IsGone(launchId))
        {
            await session.FeedAsync(new DestinationInput.Observed(QemuView.Gone(launchId)));
        }

        Prepared(attempt, refusal);
        session.ReportChanged(atOnce: true);
    }

    /// <summary>An agent that died between launch and listening finds a QEMU that waits for the order; one that died later finds out where it listens.</summary>
    private void ListenAgain(QemuInstance guest, QemuSight sight)
    {
        bool waits = session.Destination is { Stage: DestinationStage.Receiving, PreparedInThisLife: false } && guest.IsArriving
            && sight is { Run: RunState.InMigrate, Status: MigrationStatus.None or MigrationStatus.Setup };
        if (waits && !Facts.IsListening && !_isListeningAgain)
        {
            _isListeningAgain = true;
            _ = ListenAgainAsync(guest);
        }

        if (guest.IsArriving && sight is { Run: RunState.InMigrate, Status: MigrationStatus.Active })
        {
            Facts.IsListening = true;
        }
    }

    private async Task ListenAgainAsync(QemuInstance guest)
    {
        try
        {
            QemuLayout layout = await guest.ReadLayoutAsync(ReadingKind.Unloaded);
            session.Post(() => Facts.Layout = layout);
            await ListenAsync(guest);
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or DeviceNotFoundException or OperationCanceledException)
        {
            session.Post(() => Facts.Error = e.Message);
        }
        finally
        {
            session.Post(() => _isListeningAgain = false);
        }
    }

    private void NoteExit()
    {
        DestinationHandoff state = session.Destination;
        if (Facts.Port != 0)
        {
            session.Agent.Ports.GiveBack(Facts.Port);
            Facts.Port = 0;
        }

        if (state.Records.Running < state.Records.Attempt && Facts.Error.Length == 0)
        {
            string log = Path.Combine(session.Agent.Host.ForDefinitions.StateDirectoryOf(session.Vm), $"qemu-{LaunchRecord.TextOf(state.Records.Launch)}.log");
            string tail = QemuLog.Tail(log).Replace("\n", " | ", StringComparison.Ordinal);

            // One that was refused has been ended on purpose, unless it has something to say: a load that fails and the source's request for refusal meet.
            if (tail.Length > 0 || state.Records.Register != Domain.Handoff.RegisterValue.Refused)
            {
                Facts.Error = $"the QEMU of attempt {state.Records.Attempt} ended{(tail.Length == 0 ? "" : $": {tail}")}";
            }
        }
    }

    /// <summary>The guest runs here: it is announced, it is an ordinary guest from now on, and its rings are read for some seconds.</summary>
    private void FollowResumed(long nowMs)
    {
        DestinationRecords records = session.Destination.Records;
        if (records.Attempt != AttemptNo.None && records.Running >= records.Attempt && _followed != records.Attempt && Guest is { } guest)
        {
            _followed = records.Attempt;
            bool inThisLife = guest.IsArriving;
            guest.IsArriving = false;
            _ = guest.DisarmAsync();
            session.Agent.Promises.Settle(records.Launch);
            if (Facts.Port != 0)
            {
                session.Agent.Ports.GiveBack(Facts.Port);
                Facts.Port = 0;
            }

            if (inThisLife && records.GuestWasRunning)
            {
                _ = AnnounceAsync(guest);
                _watchDueMs = nowMs;
                _watchEndMs = nowMs + (long)(Arrival?.Verify ?? TimeSpan.Zero).TotalMilliseconds;
            }

            guest.Observe();
        }

        if (_watchDueMs is { } due && nowMs >= due && !_isWatching && Guest is { } watched)
        {
            _watchDueMs = nowMs < _watchEndMs ? nowMs + ReadEveryMs : null;
            _isWatching = true;
            _ = WatchRingsAsync(watched);
        }
    }

    private async Task AnnounceAsync(QemuInstance guest)
    {
        try
        {
            await guest.AnnounceAsync();
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or OperationCanceledException)
        {
            session.Logger.LogWarning("VM {Vm}: the guest could not be announced to the network: {Reason}", session.Vm, e.Message);
        }
    }

    private async Task WatchRingsAsync(QemuInstance guest)
    {
        IReadOnlyList<DeviceReading> readings = [];
        try
        {
            readings = await guest.ReadProvisionalAsync();
        }
        catch (Exception e) when (e is QmpException or QemuUnreachableException or DeviceNotFoundException or OperationCanceledException)
        {
            session.Logger.LogDebug("VM {Vm}: rings not read after the resume: {Reason}", session.Vm, e.Message);
        }

        session.Post(() =>
        {
            _isWatching = false;
            Facts.AfterResume = readings.Count > 0 ? readings : Facts.AfterResume;
            session.ReportChanged();
        });
    }
}
