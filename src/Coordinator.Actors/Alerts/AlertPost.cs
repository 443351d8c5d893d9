using Akka.Actor;
using Coordinator.Actors.Metrics;
using Microsoft.Extensions.Logging;

namespace Coordinator.Actors.Alerts;

/// <summary>Log it and deliver it until it is taken. Raised again, with the same id, after each recovery of the entity.</summary>
internal sealed record RaiseAlert(Alert Alert) : INoSerializationVerificationNeeded;

/// <summary>What it was about is over, or goes on at another node, which raises it too: it is not tried again here.</summary>
internal sealed record WithdrawAlert(string Id) : INoSerializationVerificationNeeded;

/// <summary>
/// Delivers this node's alerts, beside the entities, which never wait for it. At least once per raise: an alert is tried again, less and less often, until its outlet took it or it is withdrawn.
/// Nothing is kept on disk here: what is still undelivered when the node ends is raised again by the entities, which read it in their journals.
/// </summary>
internal sealed class AlertPost : UntypedActor, IWithTimers
{
    private readonly IReadOnlyList<OutletQueue> _outlets;
    private readonly TimeSpan _timeOut;
    private readonly TimeSpan _firstDelay;
    private readonly ILogger _log;
    private readonly CoordinatorMetrics _metrics;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<Key, Pending> _pending = [];

    public AlertPost(IReadOnlyList<IAlertOutlet> outlets, TimeSpan timeOut, TimeSpan firstDelay, ILogger log, CoordinatorMetrics metrics)
    {
        (_outlets, _timeOut, _firstDelay, _log, _metrics) = ([.. outlets.Select(o => new OutletQueue(o))], timeOut, firstDelay, log, metrics);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="outlets">None: alerts are logged only.</param>
    /// <param name="timeOut">For one try.</param>
    /// <param name="firstDelay">After the first failed try; doubled up to <see cref="LongestDelay"/>.</param>
    /// <param name="log">Gets one line for each alert.</param>
    /// <param name="metrics">Of this node.</param>
    public static Props Props(IReadOnlyList<IAlertOutlet> outlets, TimeSpan timeOut, TimeSpan firstDelay, ILogger log, CoordinatorMetrics metrics) =>
        Akka.Actor.Props.Create(() => new AlertPost(outlets, timeOut, firstDelay, log, metrics));

    internal static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    internal static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RaiseAlert raise:
                Raise(raise.Alert);
                break;
            case WithdrawAlert withdraw:
                foreach (Key key in _pending.Keys.Where(k => k.Id == withdraw.Id).ToList())
                {
                    Forget(key);
                }

                break;
            case TryDue due:
                due.Key.Outlet.Due.Enqueue(due.Key);
                break;
            case Tried tried:
                OnTried(tried);
                break;
            default:
                Unhandled(message);
                return;
        }

        TryWhatIsDue();
        _metrics.ShowUndelivered(_pending.Count);
    }

    protected override void PostStop() => _stopping.Cancel();

    /// <summary>The entities have raised them and do not know of a restart here.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        foreach (Alert alert in _pending.Values.Select(p => p.Alert).DistinctBy(a => a.Id))
        {
            Self.Tell(new RaiseAlert(alert with { Repetition = true }));
        }

        base.PreRestart(reason, message);
    }

    private void Raise(Alert alert)
    {
        AlertLog.Raised(_log, alert);
        foreach (OutletQueue outlet in _outlets)
        {
            Key key = new(alert.Id, outlet);
            if (_pending.TryAdd(key, new Pending(alert, _firstDelay)))
            {
                outlet.Due.Enqueue(key);
            }
        }
    }

    private void TryWhatIsDue()
    {
        foreach (OutletQueue outlet in _outlets)
        {
            while (outlet.HasRoom && outlet.Due.TryDequeue(out Key? key))
            {
                // Withdrawn meanwhile; or withdrawn and raised again, and therefore queued twice.
                if (!_pending.TryGetValue(key, out Pending? pending) || pending.IsUnderWay)
                {
                    continue;
                }

                pending.IsUnderWay = true;
                pending.Tries++;
                outlet.UnderWay++;
                _ = Deliver(key, pending).PipeTo(Self);
            }
        }
    }

    private void OnTried(Tried tried)
    {
        tried.Key.Outlet.UnderWay--;
        _metrics.CountDelivery(tried.Pending.Alert.Kind.ToString(), tried.Failure is null);
        if (!_pending.TryGetValue(tried.Key, out Pending? pending) || pending != tried.Pending)
        {
            // Withdrawn meanwhile.
            return;
        }

        pending.IsUnderWay = false;
        if (tried.Failure is null)
        {
            AlertLog.Delivered(_log, tried.Key.Id, tried.Key.Outlet.Outlet.Name);
            Forget(tried.Key);
            return;
        }

        AlertLog.Undelivered(_log, tried.Key.Id, tried.Key.Outlet.Outlet.Name, pending.Tries, tried.Failure, (long)pending.Delay.TotalMilliseconds);
        Timers.StartSingleTimer(tried.Key, new TryDue(tried.Key), pending.Delay);
        pending.Delay = pending.Delay * 2 < LongestDelay ? pending.Delay * 2 : LongestDelay;
    }

    private void Forget(Key key)
    {
        Timers.Cancel(key);
        _pending.Remove(key);
    }

    private async Task<Tried> Deliver(Key key, Pending pending)
    {
        using CancellationTokenSource timeOut = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        timeOut.CancelAfter(_timeOut);
        try
        {
            await Task.Run(() => key.Outlet.Outlet.DeliverAsync(pending.Alert, timeOut.Token), timeOut.Token).ConfigureAwait(false);
            return new Tried(key, pending, Failure: null);
        }
        catch (OperationCanceledException)
        {
            return new Tried(key, pending, $"no end within {_timeOut.TotalSeconds:0.#} s");
        }
#pragma warning disable CA1031 // Whatever an outlet fails with, the alert is tried again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new Tried(key, pending, e.Message);
        }
    }

    /// <summary>Each outlet has its own: one that hangs must not cost the other one's alerts, nor may what is tried again keep out what was not yet tried.</summary>
    private sealed class OutletQueue(IAlertOutlet outlet)
    {
        /// <summary>A command that hangs takes its time-out, and many alerts may come at once: a whole rack.</summary>
        private const int MaxAtOnce = 4;

        public IAlertOutlet Outlet => outlet;

        /// <summary>Longest due first; may hold keys that were withdrawn.</summary>
        public Queue<Key> Due { get; } = [];

        public int UnderWay { get; set; }

        public bool HasRoom => UnderWay < MaxAtOnce;
    }

    private sealed record Key(string Id, OutletQueue Outlet);

    private sealed record TryDue(Key Key) : INoSerializationVerificationNeeded;

    private sealed record Tried(Key Key, Pending Pending, string? Failure) : INoSerializationVerificationNeeded;

    private sealed class Pending(Alert alert, TimeSpan firstDelay)
    {
        public Alert Alert { get; } = alert;

        public TimeSpan Delay { get; set; } = firstDelay;

        public bool IsUnderWay { get; set; }

        public int Tries { get; set; }
    }
}
