using Akka;
using Akka.Actor;
using Akka.Event;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Platform;
using Coordinator.Domain;
using Coordinator.ReadModel;

namespace Coordinator.Actors.Reading;

/// <summary>Runs the projection on the one node that is its turn. The loop does not live in the actor's thread; its end, for whatever reason, is a message.</summary>
internal sealed class ProjectionActor(SqlStore store, ProjectionSettings settings, CoordinatorMetrics metrics) : UntypedActor, IWithTimers, IProjectionWitness
{
    private static readonly TimeSpan BeginAgainAfter = TimeSpan.FromSeconds(1);

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly CancellationTokenSource ended = new();

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(SqlStore store, ProjectionSettings settings, CoordinatorMetrics metrics) => Akka.Actor.Props.Create(() => new ProjectionActor(store, settings, metrics));

    public void GapsWaited(long count) => metrics.CountGapWaits(count);

    public void Lag(TimeSpan behind) => metrics.ShowLag(behind);

    public void Unreadable(VmName vm, Exception cause) => log.Error(cause, "the journal of VM {0} cannot be read back; its rows stay as they were", vm);

    public void BegunAnew(string why) => log.Warning("the read model is folded anew: {0}", why);

    protected override void PreStart() => Begin();

    protected override void PostStop()
    {
        ended.Cancel();
        metrics.ShowLag(TimeSpan.Zero);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Status.Failure { Cause: OperationCanceledException } when ended.IsCancellationRequested:
                break;
            case Status.Failure failure:
                log.Warning("the read model stands still and is tried again in {0}: {1}", BeginAgainAfter, failure.Cause.Message);
                Timers.StartSingleTimer(BeginDue.Instance, BeginDue.Instance, BeginAgainAfter);
                break;
            case BeginDue:
                Begin();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Begin()
    {
        var (system, stop) = (Context.System, ended.Token);
        _ = Task.Run(
            async () =>
            {
                using HistoryReader histories = new(system);
                await new Projection(store, histories, new VmFolds(), settings, this, TimeProvider.System).Run(stop).ConfigureAwait(false);
                return Done.Instance;
            },
            CancellationToken.None).PipeTo(Self);
    }

    private sealed class BeginDue : INoSerializationVerificationNeeded
    {
        public static readonly BeginDue Instance = new();
    }
}
