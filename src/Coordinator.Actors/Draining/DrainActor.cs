using Akka.Actor;
using Akka.Event;
using Coordinator.Domain;

namespace Coordinator.Actors.Draining;

/// <summary>One in the cluster: takes every drain that goes on one step further, again and again. Keeps nothing between the steps, so that it begins anew wherever it is started.</summary>
internal sealed class DrainActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly DrainTable _table;
    private readonly DrainRound _round;
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<Guid, string> _said = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public DrainActor(DrainTable table, DrainRound round) => (_table, _round) = (table, round);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(DrainTable table, DrainRound round) => Akka.Actor.Props.Create(() => new DrainActor(table, round));

    protected override void PreStart() => Timers.StartSingleTimer(StepDue.Instance, StepDue.Instance, s_pause);

    protected override void PostStop()
    {
        _end.Cancel();
        _end.Dispose();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StepDue:
                CancellationToken stop = _end.Token;
                _ = Task.Run(() => Step(stop), CancellationToken.None).PipeTo(Self, failure: e => new Stepped([(Guid.Empty, e.Message)]));
                break;
            case Stepped stepped:
                Tell(stepped.Failures);
                Timers.StartSingleTimer(StepDue.Instance, StepDue.Instance, s_pause);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>One after the other: a drain that stands still must not keep the others, so what goes wrong with one is its own.</summary>
    private async Task<Stepped> Step(CancellationToken stop)
    {
        List<(Guid Drain, string Why)> failures = [];
        foreach (DrainRecord drain in _table.Open())
        {
            try
            {
                await _round.Run(drain, stop).ConfigureAwait(false);
            }
            catch (Exception e) when (e is DrainBlindException or System.Data.Common.DbException or InvalidValueException)
            {
                failures.Add((drain.Id, $"{drain.Asked}; it cannot go on now: {e.Message}"));
            }
        }

        return new Stepped(failures);
    }

    /// <summary>Once, as long as it is the same.</summary>
    private void Tell(IReadOnlyList<(Guid Drain, string Why)> failures)
    {
        foreach ((Guid drain, string why) in failures.Where(f => _said.GetValueOrDefault(f.Drain) != f.Why))
        {
            _log.Warning("{0}", why);
        }

        _said.Clear();
        foreach ((Guid drain, string why) in failures)
        {
            _said[drain] = why;
        }
    }

    private sealed record Stepped(IReadOnlyList<(Guid Drain, string Why)> Failures) : INoSerializationVerificationNeeded;

    private sealed class StepDue : INoSerializationVerificationNeeded
    {
        internal static readonly StepDue Instance = new();
    }
}
