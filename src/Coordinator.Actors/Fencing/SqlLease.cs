using Akka.Actor;
using Akka.Configuration;
using Akka.Coordination;
using Akka.Event;
using Coordinator.Actors.Platform;

namespace Coordinator.Actors.Fencing;

/// <summary>
/// A lease in the coordinators' own database (upstream has Kubernetes and Azure only). Used by the split brain resolver.
/// <list type="bullet">
/// <item>The database's clock decides who holds it; this side only ever believes for less long: from the moment before it asked, on a monotonic clock.</item>
/// <item>A holding is never revived. Once expired, by a pause of this process or by silence of the database, it is lost, whether or not another took
/// it.</item>
/// <item>The owner's name is made unique per process: a process that was started again on the same address is not its predecessor.</item>
/// <item>Not released when the actor system ends: who was put out must not hand it on early. It expires.</item>
/// </list>
/// </summary>
public sealed class SqlLease : Lease
{
    private readonly LeaseTable table;
    private readonly TimeProvider time;
    private readonly ILoggingAdapter log;
    private readonly string owner;
    private readonly SemaphoreSlim oneAtATime = new(1, 1);
    private readonly CancellationTokenSource ended = new();
    private LeaseHolding? holding;

    /// <summary>By Akka, by reflection: <c>lease-class</c> in lease.conf.</summary>
    /// <exception cref="ConfigurationException">The times contradict each other, or the system was started without a store.</exception>
    public SqlLease(LeaseSettings settings, ExtendedActorSystem system)
        : this(settings, StoreOf(system), TimeProvider.System, Logging.GetLogger(system, nameof(SqlLease))) =>
        system.RegisterOnTermination(StopRenewing);

    internal SqlLease(LeaseSettings settings, SqlStore store, TimeProvider time, ILoggingAdapter log)
        : base(settings)
    {
        var times = settings.TimeoutSettings;
        if (times.HeartbeatInterval <= TimeSpan.Zero
            || times.HeartbeatInterval * 2 > times.HeartbeatTimeout
            || times.OperationTimeout >= times.HeartbeatTimeout)
        {
            throw new ConfigurationException($"Lease {settings.LeaseName}: heartbeat-interval ({times.HeartbeatInterval}) must fit twice, and "
                + $"lease-operation-timeout ({times.OperationTimeout}) once, into heartbeat-timeout ({times.HeartbeatTimeout}).");
        }

        this.time = time;
        this.log = log;
        owner = $"{settings.OwnerName}#{Guid.NewGuid():N}";
        table = new LeaseTable(store, settings.LeaseName, times.HeartbeatTimeout, times.OperationTimeout);
    }

    /// <summary>True only while no other owner can hold it. Never waits.</summary>
    public override bool CheckLease() => Volatile.Read(ref holding) is { } held && held.IsValid(time);

    public override Task<bool> Acquire() => Acquire(_ => { });

    /// <param name="leaseLostCallback">Called once, with the reason, if the lease is lost before it is released. Replaced by a later call.</param>
    /// <returns>False while another owner holds it. Asked again while held: true.</returns>
    /// <exception cref="LeaseTimeoutException">No answer within <c>lease-operation-timeout</c>. Not held.</exception>
    /// <exception cref="LeaseException">The database refused. Not held.</exception>
    public override Task<bool> Acquire(Action<Exception> leaseLostCallback) => ExclusivelyAsync("acquire", async operation =>
    {
        if (Volatile.Read(ref holding) is { } held && held.IsValid(time))
        {
            held.OnLost = leaseLostCallback;
            return true;
        }

        var askedAt = time.GetTimestamp();
        if (await table.TakeAsync(owner, operation.Deadline) is not { } version)
        {
            return false;
        }

        // If the caller has been told "timed out", the row is ours for nothing and expires.
        var taken = new LeaseHolding(version, askedAt, Settings.TimeoutSettings.HeartbeatTimeout, leaseLostCallback);
        if (!taken.IsValid(time) || !operation.TryEnd())
        {
            return false;
        }

        Volatile.Write(ref holding, taken);
        _ = Task.Run(() => RenewUntilLostAsync(taken), CancellationToken.None);
        log.Info("Lease {0} acquired as {1}, version {2}", Settings.LeaseName, owner, version);
        return true;
    });

    /// <returns>True: afterwards this process does not hold the lease, whoever does.</returns>
    /// <exception cref="LeaseException">The database refused or gave no answer. Not held here; for others it frees itself after its time to live.</exception>
    public override Task<bool> Release() => ExclusivelyAsync("release", async operation =>
    {
        if (Interlocked.Exchange(ref holding, null) is { } held)
        {
            await table.FreeAsync(owner, held.Version, operation.Deadline);
            log.Info("Lease {0} released, version {1}", Settings.LeaseName, held.Version);
        }

        return true;
    });

    /// <summary>What the death of this process does to the lease: nobody frees it, nobody renews it.</summary>
    internal void StopRenewing() => ended.Cancel();

    private static SqlStore StoreOf(ActorSystem system) => system.Settings.Setup.Get<SqlStoreSetup>() is { HasValue: true } setup
        ? setup.Value.Store
        : throw new ConfigurationException($"{nameof(SqlLease)} needs a {nameof(SqlStoreSetup)} in the actor system's setup.");

    // The SQLite provider works on the calling thread, hence Task.Run: callers are actors.
    private async Task<bool> ExclusivelyAsync(string what, Func<LeaseOperation, Task<bool>> action)
    {
        using var deadline = new CancellationTokenSource(Settings.TimeoutSettings.OperationTimeout, time);
        try
        {
            await oneAtATime.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw TimedOut(what);
        }

        var operation = new LeaseOperation(deadline.Token);
        var work = Task.Run(() => action(operation), CancellationToken.None);
        _ = work.ContinueWith(_ => oneAtATime.Release(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await ((Task)work.WaitAsync(deadline.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!work.IsCompleted && operation.TryEnd())
            {
                throw TimedOut(what);
            }

            return await work;
        }
        catch (OperationCanceledException)
        {
            throw TimedOut(what);
        }
        catch (Exception e) when (e is not LeaseException)
        {
            throw new LeaseException($"Lease {Settings.LeaseName}: could not {what}: {e.Message}", e);
        }
    }

    private LeaseTimeoutException TimedOut(string what) => new(
        $"Lease {Settings.LeaseName}: could not {what} within {Settings.TimeoutSettings.OperationTimeout}.");

    private async Task RenewUntilLostAsync(LeaseHolding held)
    {
        var expired = new LeaseException($"Lease {Settings.LeaseName} expired, or another owner took it.");
        var reason = expired;
        try
        {
            while (ReferenceEquals(Volatile.Read(ref holding), held))
            {
                await Task.Delay(Settings.TimeoutSettings.HeartbeatInterval, time, ended.Token);

                // After a pause of this process the time may be over before anything was asked; then there is nothing left to renew.
                if (!held.IsValid(time))
                {
                    break;
                }

                var askedAt = time.GetTimestamp();
                try
                {
                    var renewal = Task.Run(() => table.RenewAsync(owner, held.Version, ended.Token), ended.Token);
                    if (!await renewal.WaitAsync(held.Remaining(time), time, ended.Token))
                    {
                        break;
                    }

                    held.Renewed(askedAt);
                    reason = expired;
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    log.Warning(e, "Lease {0} could not be renewed; it is lost in {1}", Settings.LeaseName, held.Remaining(time));
                    reason = new LeaseException($"Lease {Settings.LeaseName} expired because it could not be renewed: {e.Message}", e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (ReferenceEquals(Interlocked.CompareExchange(ref holding, null, held), held))
        {
            log.Warning("Lease {0} is lost, version {1}: {2}", Settings.LeaseName, held.Version, reason.Message);
            held.OnLost(reason);
        }
    }

    /// <summary>Decides the race between an answer and the caller's patience: exactly one of them ends the operation.</summary>
    private sealed class LeaseOperation(CancellationToken deadline)
    {
        private int ended;

        public CancellationToken Deadline { get; } = deadline;

        public bool TryEnd() => Interlocked.Exchange(ref ended, 1) == 0;
    }
}
