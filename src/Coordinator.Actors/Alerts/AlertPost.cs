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
    /// <summary>A command that hangs takes its time-out, and many alerts may come at once: a whole rack.</summary>
    private const int MaxAtOnce = 4;

    private readonly IReadOnlyList<IAlertOutlet> _outlets;
    private readonly TimeSpan _timeOut;
    private readonly TimeSpan _firstDelay;
    private readonly ILogger _log;
    private readonly CoordinatorMetrics _metrics;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<Key, Pending> _pending = [];
    private int _atOnce;

    public AlertPost(IReadOnlyList<IAlertOutlet> outlets, TimeSpan timeOut, TimeSpan firstDelay, ILogger log, CoordinatorMetrics metrics)
    {
        (_outlets, _timeOut, _firstDelay, _log, _metrics) = (outlets, timeOut, firstDelay, log, metrics);
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
            case TryDue due when _pending.TryGetValue(due.Key, out Pending? pending):
                pending.IsDue = true;
                break;
            case Tried tried:
                OnTried(tried);
                break;
            case TryDue:
                break;
            default:
                Unhandled(message);
                return;
        }

        TryWhatIsDue();
        _metrics.ShowUndelivered(_pending.Count);
    }

    protected override void PostStop()
    {
        _stopping.Cancel();
        foreach (IDisposable outlet in _outlets.OfType<IDisposable>())
        {
            outlet.Dispose();
        }
    }

    private void Raise(Alert alert)
    {
        AlertLog.Raised(_log, alert);
        foreach (IAlertOutlet outlet in _outlets)
        {
            Key key = new(alert.Id, outlet);
            if (!_pending.ContainsKey(key))
            {
                _pending.Add(key, new Pending(alert, _firstDelay) { IsDue = true });
            }
        }
    }

    private void TryWhatIsDue()
    {
        foreach ((Key key, Pending pending) in _pending.Where(p => p.Value is { IsDue: true, IsUnderWay: false }).Take(MaxAtOnce - _atOnce).ToList())
        {
            pending.IsDue = false;
            pending.IsUnderWay = true;
            pending.Tries++;
            _atOnce++;
            _ = Deliver(key, pending.Alert).PipeTo(Self);
        }
    }

    private void OnTried(Tried tried)
    {
        _atOnce--;
        _metrics.CountDelivery(tried.Kind.ToString(), tried.Failure is null);
        if (!_pending.TryGetValue(tried.Key, out Pending? pending))
        {
            // Withdrawn meanwhile.
            return;
        }

        pending.IsUnderWay = false;
        if (tried.Failure is null)
        {
            AlertLog.Delivered(_log, tried.Key.Id, tried.Key.Outlet.Name);
            Forget(tried.Key);
            return;
        }

        AlertLog.Undelivered(_log, tried.Key.Id, tried.Key.Outlet.Name, pending.Tries, tried.Failure, (long)pending.Delay.TotalMilliseconds);
        Timers.StartSingleTimer(tried.Key, new TryDue(tried.Key), pending.Delay);
        pending.Delay = pending.Delay * 2 < LongestDelay ? pending.Delay * 2 : LongestDelay;
    }

    private void Forget(Key key)
    {
        Timers.Cancel(key);
        _pending.Remove(key);
    }

    private async Task<Tried> Deliver(Key key, Alert alert)
    {
        using CancellationTokenSource timeOut = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        timeOut.CancelAfter(_timeOut);
        try
        {
            await Task.Run(() => key.Outlet.DeliverAsync(alert, timeOut.Token), timeOut.Token).ConfigureAwait(false);
            return new Tried(key, alert.Kind, Failure: null);
        }
        catch (OperationCanceledException)
        {
            return new Tried(key, alert.Kind, $"no end within {_timeOut.TotalSeconds:0.#} s");
        }
#pragma warning disable CA1031 // Whatever an outlet fails with, the alert is tried again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new Tried(key, alert.Kind, e.Message);
        }
    }

    private sealed record Key(string Id, IAlertOutlet Outlet);

    private sealed record TryDue(Key Key) : INoSerializationVerificationNeeded;

    private sealed record Tried(Key Key, AlertKind Kind, string? Failure) : INoSerializationVerificationNeeded;

    private sealed class Pending(Alert alert, TimeSpan firstDelay)
    {
        public Alert Alert { get; } = alert;

        public TimeSpan Delay { get; set; } = firstDelay;

        public bool IsDue { get; set; }

        public bool IsUnderWay { get; set; }

        public int Tries { get; set; }
    }
}
