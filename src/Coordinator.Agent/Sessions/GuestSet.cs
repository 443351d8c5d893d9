using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Qemu;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Coordinator.Failpoints;
using QemuProcess = Coordinator.Agent.Processes.QemuProcess;

namespace Coordinator.Agent.Sessions;

/// <summary>
/// The QEMU processes of one VM on this host: at most the guest itself, a source that was handed over and still stands, and a destination that is being filled.
/// Touched only inside the session.
/// </summary>
internal sealed class GuestSet(VmSession session) : IAsyncDisposable
{
    private static readonly TimeSpan s_launchLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_politeLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_killLimit = TimeSpan.FromSeconds(10);

    private readonly Dictionary<LaunchId, QemuInstance> _instances = [];
    private readonly Dictionary<LaunchId, LaunchRecord> _launches = session.Records.Launches;
    private readonly HashSet<LaunchId> _ending = [];
    private readonly HashSet<LaunchId> _continuing = [];

    /// <summary>The guest's own process on this host, dead or alive; none when the guest never was here.</summary>
    public LaunchId Resident { get; private set; } = session.Records.Resident;

    public long? NextDueMs { get; private set; }

    public QemuInstance? Of(LaunchId launch) => _instances.GetValueOrDefault(launch);

    public LaunchRecord? RecordOf(LaunchId launch) => _launches.GetValueOrDefault(launch);

    /// <summary>Proven: it was never launched, has exited, or the machine was booted since.</summary>
    public bool IsGone(LaunchId launch) => _launches.GetValueOrDefault(launch) is { IsGone: true };

    public bool ResidentLives => Resident != LaunchId.None && _launches.GetValueOrDefault(Resident) is { IsGone: false };

    /// <summary>
    /// The process that the source's part is about: the one of its newest attempt until that is gone, then the guest that lives here now.
    /// </summary>
    public LaunchId SourceLaunch
    {
        get
        {
            LaunchId attempted = session.Source.Records.Launch;
            bool attemptedIsHere = _launches.GetValueOrDefault(attempted) is { IsGone: false };
            return attemptedIsHere || Resident == LaunchId.None ? attempted : Resident;
        }
    }

    /// <summary>An answer that was asked for before the newest command says nothing about what that command did.</summary>
    public bool IsCurrent(QemuNews news) => news.Generation is not { } asked || asked == news.From.Generation;

    /// <summary>At the start of an agent's life: every recorded process is found again, or proven gone.</summary>
    public async Task AdoptRecordedAsync()
    {
        foreach (LaunchRecord recorded in _launches.Values.Where(launch => !launch.IsGone && Of(launch.Launch) is null).ToList())
        {
            LaunchRecord launch = recorded;
            if (launch.Identity is null && QemuLauncher.FindLaunch(launch.LaunchText) is [{ } found, ..])
            {
                launch = launch with { Identity = found.ToString() };
                await RecordAsync(launch);
            }

            QemuProcess? process = null;
            QemuPresence presence = launch.ProcessIdentity is { } identity ? QemuProcess.Attach(identity, launch.MonitorPath, out process) : QemuPresence.Gone;
            if (presence == QemuPresence.Gone)
            {
                await RecordAsync(launch with { IsGone = true });
            }
            else if (process is not null && Watch(launch, process).IsArriving)
            {
                Promise(launch);
            }
        }
    }

    /// <summary>Durable before anything is launched.</summary>
    public LaunchRecord Note(LaunchRecord launch)
    {
        _launches[launch.Launch] = launch;
        return launch;
    }

    public void BecomeResident(LaunchId launch) => Resident = launch;

    /// <summary>
    /// Launches, records who it is, and connects. Runs outside of the session.
    /// </summary>
    /// <exception cref="QemuLaunchException">It did not come up; nothing runs.</exception>
    public async Task<QemuInstance> LaunchAsync(LaunchRecord launch, QemuCommandLine line)
    {
        QemuProcess process;
        using (LaunchedQemu launched = await session.Agent.Launcher.LaunchAsync(line, s_launchLimit, session.Stopping))
        {
            QemuProcessIdentity identity = launched.Process.Identity;
            // Attached anew: disposing what the launcher gave closes the monitor connection that it made, and QEMU serves one at a time.
            _ = QemuProcess.Attach(identity, launched.MonitorPath, out QemuProcess? attached);
            session.History?.Qemu(launch.Launch).Launched(identity.Pid, line.Role == LaunchRole.Incoming);
            process = attached ?? throw new QemuLaunchException(LaunchFault.Exited, $"QEMU of VM {line.VmName} ended right after it had come up; see {line.LogPath}.", null);
        }

        try
        {
            return await RecordAndConnectAsync(launch, process);
        }
        catch
        {
            // Not recorded, or not answering: nobody would ever look after it.
            await process.KillAsync(s_killLimit, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Takes over a QEMU that somebody else launched.</summary>
    /// <exception cref="QemuAdoptionException">Nobody answers there, or not a QEMU.</exception>
    public async Task<QemuInstance> AdoptAsync(LaunchRecord launch, AdoptedMonitor monitor)
    {
        QemuProcessIdentity identity = await QemuAdoption.IdentifyAsync(monitor, session.Stopping);
        _ = QemuProcess.Attach(identity, monitorPath: null, out QemuProcess? process);
        return process is null
            ? throw new QemuAdoptionException($"process {identity.Pid} behind {monitor.QmpSocket} ended just now.")
            : await RecordAndConnectAsync(launch, process);
    }

    /// <summary>Proven gone, and durably so.</summary>
    public async Task ExitedAsync(QemuInstance instance)
    {
        if (_launches.GetValueOrDefault(instance.Launch) is { IsGone: false } launch)
        {
            await RecordAsync(launch with { IsGone = true });
        }

        session.Agent.Promises.Settle(instance.Launch);
        if (_instances.Remove(instance.Launch))
        {
            await instance.DisposeAsync();
        }

        session.ReportChanged(atOnce: true);
    }

    /// <summary>Ends what a coordinator ordered to be ended, again and again until it is proven gone, and continues a fresh guest that was launched just before the agent died.</summary>
    public void EndOrdered()
    {
        NextDueMs = null;
        foreach (LaunchRecord launch in _launches.Values)
        {
            if (launch is { EndOrdered: true, IsGone: false } && Of(launch.Launch) is { } instance && _ending.Add(launch.Launch))
            {
                _ = EndAsync(instance);
            }

            bool isFresh = launch is { Origin: LaunchOrigin.Started, WasContinued: false, IsGone: false, EndOrdered: false } && Resident == launch.Launch;
            if (isFresh && Of(launch.Launch) is { Sight.Run: RunState.PreLaunch } fresh && _continuing.Add(launch.Launch))
            {
                _ = ContinueFreshAsync(launch, fresh);
            }
        }
    }

    public async Task RecordAsync(LaunchRecord launch)
    {
        await session.Records.AppendAsync(RecordCodec.Of(launch));
        _launches[launch.Launch] = launch;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (QemuInstance instance in _instances.Values)
        {
            await instance.DisposeAsync();
        }
    }

    private async Task<QemuInstance> RecordAndConnectAsync(LaunchRecord launch, QemuProcess process)
    {
        LaunchRecord known = launch with { Identity = process.Identity.ToString() };
        TaskCompletionSource<QemuInstance> watched = new(TaskCreationOptions.RunContinuationsAsynchronously);
        session.Post(async () =>
        {
            try
            {
                await RecordAsync(known);
                watched.TrySetResult(Watch(known, process));
            }
            catch (Exception e)
            {
                watched.TrySetException(e);
                throw;
            }
        });
        QemuInstance instance = await watched.Task;
        await instance.Ready.WaitAsync(s_launchLimit, session.Stopping);
        return instance;
    }

    private QemuInstance Watch(LaunchRecord launch, QemuProcess process)
    {
        QemuInstance instance = new(
            launch.Launch, process, launch.MonitorPath, TrackedDevices(launch), news => session.Post(new SessionInput.QemuSaid(news)),
            session.Agent.Loggers.CreateLogger($"Coordinator.Agent.Qemu.{session.Vm}"), session.History?.Qemu(launch.Launch))
        {
            IsArriving = launch.Launch == session.Destination.Records.Launch && session.Destination.Records.Running < session.Destination.Records.Attempt,
        };
        _instances[launch.Launch] = instance;
        instance.Start();
        return instance;
    }

    /// <summary>What a guest that is still arriving will take of this host's memory is not to be given to another one.</summary>
    private void Promise(LaunchRecord launch)
    {
        if (MemoryMiBOf(launch) is > 0 and var mib)
        {
            session.Agent.Promises.Promise(launch.Launch, mib);
        }
    }

    /// <returns>What the guest takes of a host's memory; 0 where it cannot be told, as of an adopted one without arguments.</returns>
    public long MemoryMiBOf(LaunchRecord launch)
    {
        try
        {
            VmDefinition definition = launch.Definition;
            return definition.CanBeLaunched ? definition.CommandLine(session.Agent.Host.ForDefinitions, LaunchRole.Incoming, launch.LaunchText).Memory.MiB : definition.Content.MemoryMiB ?? 0;
        }
        catch (DefinitionException e)
        {
            // The host's variables have changed since; its QEMU runs all the same.
            session.Logger.LogInformation("VM {Vm}: the memory of the guest is not known any more: {Reason}", session.Vm, e.Message);
            return 0;
        }
    }

    private static IReadOnlyList<string>? TrackedDevices(LaunchRecord launch)
    {
        try
        {
            return launch.Definition.Devices;
        }
        catch (DefinitionException)
        {
            // Written by a newer agent with more in it: track everything.
            return null;
        }
    }

    private async Task EndAsync(QemuInstance instance)
    {
        try
        {
            await BetweenAsync("end-ordered", () => instance.EndAsync(s_politeLimit, s_killLimit));
        }
        catch (Exception e) when (e is OperationCanceledException or FailpointException)
        {
            return;
        }
        finally
        {
            session.Post(() => _ending.Remove(instance.Launch));
        }
    }

    private Task BetweenAsync(string kind, Func<Task> work) => Failpoint.IsOn ? Failpoint.AroundAsync($"agent.guest.{kind}", session.Vm, work) : work();

    private async Task ContinueFreshAsync(LaunchRecord launch, QemuInstance instance)
    {
        try
        {
            await BetweenAsync("continue-fresh", instance.ContinueGuest);
            session.Post(async () =>
            {
                await RecordAsync(_launches[launch.Launch] with { WasContinued = true });
                instance.Observe();
            });
        }
        catch (Exception e) when (e is Qmp.QmpException or QemuUnreachableException or OperationCanceledException or FailpointException)
        {
            session.Logger.LogWarning("VM {Vm}: the fresh guest could not be continued: {Reason}", session.Vm, e.Message);
            session.Post(() => _continuing.Remove(launch.Launch));
        }
    }
}
