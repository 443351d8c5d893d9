using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.Event;
using Akka.Persistence;
using Coordinator.Actors.Admission;
using Coordinator.Actors.Draining;
using Coordinator.Actors.Holding;
using Coordinator.Actors.Metrics;
using Coordinator.Actors.Platform;
using Coordinator.Actors.Virtqueues;
using Coordinator.Contracts;
using Coordinator.Domain;
using Coordinator.Domain.Migration;
using Coordinator.Failpoints;
using Coordinator.Journal;

namespace Coordinator.Actors.Migrations;

/// <summary>
/// The entity of one VM with all its migrations: a shell around <see cref="VmDecisions"/>, <see cref="VmProgress"/>, <see cref="VmTransitions"/> and
/// <see cref="VmEffects"/>. It journals, then speaks; what it must do follows from state alone, after each write and after recovery alike. It starts
/// with no claim and makes one as soon as anything is to be journalled or outstanding, so that looking at an absent VM writes nothing.
/// </summary>
/// <remarks>A write that fails stops it: sharding starts it again and it reads the truth. A stale incarnation fails at the journal's unique index.</remarks>
internal sealed partial class MigrationActor : UntypedPersistentActor, IWithTimers
{
    /// <summary>How long an absent VM of which nothing is outstanding stays in memory.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(30);

    private readonly VmName _vm;
    private readonly MigrationActorParts _parts;
    private readonly IncarnationId _incarnation = new(Guid.NewGuid());
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly VmHistory _history = new();
    private readonly HostViews _views = new();
    private readonly EffectSchedule _schedule = new();
    private readonly TimeSpan _startedAt = Now;
    private QueueGroup _queues = null!;
    private VmGauges _gauges = null!;
    private bool _claimed;

    public MigrationActor(VmName vm, MigrationActorParts parts)
    {
        _vm = vm;
        _parts = parts;
        PersistenceId = VmPersistence.IdOf(vm);
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    private VmEntity Entity => _history.Entity;

    private VmState State => _history.State;

    /// <summary>The newest migration while it goes on.</summary>
    private MigrationState? Active => State.Migration is { } m && !m.Phase.IsTerminal() ? m : null;

    /// <summary>Monotonic; the wall clock is only written down, never asked.</summary>
    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    public static Props Props(VmName vm, MigrationActorParts parts) => Akka.Actor.Props.Create(() => new MigrationActor(vm, parts));

    /// <summary>The VM that a message is for; null for messages that are for no VM.</summary>
    public static string? VmOf(object message) => message switch
    {
        StartMigration m => m.Vm,
        QueueMigration m => m.Vm,
        CancelMigration m => m.Vm,
        ProveHostOff m => m.Vm,
        ResolveDoubt m => m.Vm,
        StartVirtualMachine m => m.Vm,
        StopVirtualMachine m => m.Vm,
        GetVm m => m.Vm,
        WatchVm m => m.Vm,
        UnwatchVm m => m.Vm,
        AgentReported m => m.Vm,
        AgentAnswered m => m.Vm,
        AgentSampled m => m.Vm,
        Nudge m => m.VmId,
        _ => null,
    };

    protected override void PreStart()
    {
        _queues = new QueueGroup(Context, Timers);
        _gauges = _parts.Metrics.Open();
        Context.System.EventStream.Subscribe(Self, typeof(HoldShown));
        Context.System.EventStream.Subscribe(Self, typeof(CordonsShown));
        base.PreStart();
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _gauges.Dispose();
        WithdrawDoubt();
        _parts.Fleet.Leave(_vm.Value);
        base.PostStop();
    }

    /// <summary>Children are ours to start again with a delay and with what they knew; Akka's own restart would do it at once and without.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnRecover(object message)
    {
        if (message is VmRecord record)
        {
            Apply(record, isReplay: true);
        }
        else if (message is RecoveryCompleted)
        {
            _parts.Metrics.Journal.Recovered(Now - _startedAt);
            RaiseRecovered();
            Execute(reply: null);
            ShowInFleet();
        }
        else
        {
            throw new InvalidOperationException($"{PersistenceId}: the journal holds a {message.GetType().FullName}");
        }
    }

    protected override void OnCommand(object message)
    {
        if (Failpoint.IsOn && HeldBack(message))
        {
            return;
        }

        switch (message)
        {
            case AgentReported reported:
                OnReported(reported);
                break;
            case AgentAnswered answered:
                OnAnswered(answered);
                break;
            case AgentSampled sampled:
                OnSampled(sampled);
                break;
            case QueueWord word:
                OnQueueWord(word);
                break;
            case DriveDue:
                Perform();
                ShowWaitingInFleet();
                break;
            case FleetDue:
                ShowInFleet();
                break;
            case DeadlineDue due:
                _log.Warning("{0}: {1} of attempt {2} has taken {3} ms", _vm, due.Deadline.Phase, due.Deadline.Attempt, due.Deadline.DurationMs);
                Execute(reply: null, new VmCommand.DeadlinePassed(due.Deadline.Phase, due.Deadline.Attempt));
                break;
            case HookAnswered answered:
                OnHookAnswered(answered);
                break;
            case JudgeDue:
                JudgeWhenReady();
                break;
            case PublishDue:
                PublishNow();
                break;
            case QueueRestartDue due:
                _queues.Restart(due);
                break;
            case Terminated terminated:
                if (!_queues.HasDied(terminated.ActorRef, Now))
                {
                    _watchers.Remove(terminated.ActorRef);
                }

                break;
            case IdleDue:
                if (IsPassable)
                {
                    Context.Parent.Tell(new Passivate(StopVm.Instance));
                }

                break;
            case StopVm:
                // Commands wait while a write is under way, so nothing is cut off here.
                Context.Stop(Self);
                break;
            case Nudge:
                if (!Sender.IsNobody() && !Sender.Equals(Context.System.DeadLetters))
                {
                    Sender.Tell(new NudgeAnswered(_vm.Value, (long)(Now - _startedAt).TotalMilliseconds));
                }

                ArmIdle();
                break;
            case HoldShown or CordonsShown:
                Execute(reply: null);
                PublishSoon();
                break;
            case SlotGiven given:
                OnSlotGiven(given);
                break;
            case SlotDelayed delayed:
                OnSlotDelayed(delayed);
                break;
            case BackOffOver:
                Execute(reply: null);
                break;
            case ShowState:
                Sender.Tell(new StateShown(State, LastSequenceNr));
                break;
            default:
                OnClient(message);
                break;
        }
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        _parts.Metrics.CountJournalFailure("write");
        _parts.Metrics.Journal.Failed(cause);
        _log.Error(cause, "{0}: event {1} could not be journalled; the entity stops and reads its journal again", PersistenceId, sequenceNr);
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        _parts.Metrics.CountJournalFailure("reject");
        _log.Error(cause, "{0}: the journal rejects event {1}; the entity stops", PersistenceId, sequenceNr);
        Context.Stop(Self);
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _parts.Metrics.CountJournalFailure("recovery");
        _log.Error(reason, "{0}: the journal cannot be read back at {1}; the entity stays down until a person has looked at it", PersistenceId, LastSequenceNr);
    }

    /// <summary>
    /// Decides the commands one after the other, draws everything that follows, journals all of it in one atomic write, answers, and performs what is
    /// outstanding.
    /// </summary>
    private void Execute(Action<VmReply>? reply, params IReadOnlyList<VmCommand> commands)
    {
        _history.Entity = Entity with { Hold = _parts.Hold.Current, Queued = Queued() };
        Draft draft = Draft.Of(Entity, commands);
        if (!_claimed && (draft.Events.Count > 0 || !VmEffects.Of(draft.Entity).IsEmpty))
        {
            draft = Draft.Of(Entity, [new VmCommand.Claim(_incarnation, _views.GreatestFloor), .. commands]);
        }

        if (draft.Events.Count == 0)
        {
            reply?.Invoke(draft.Reply);
            AfterChange();
            return;
        }

        if (Failpoint.IsOn)
        {
            Between(draft.Events, FailpointCatalogue.Before, () => Store(draft, reply));
        }
        else
        {
            Store(draft, reply);
        }
    }

    private void Store(Draft draft, Action<VmReply>? reply)
    {
        int left = draft.Events.Count;
        TimeSpan handedOver = Now;
        DateTimeOffset at = WholeMicros(_parts.Clock.GetUtcNow());
        PersistAll(draft.Events.Select(happened => new VmRecord(happened, at, _parts.Node)), record =>
        {
            Apply(record, isReplay: false);
            _samples = 0;
            if (record.Event is VmEvent.IncarnationStarted)
            {
                _claimed = true;
                _schedule.Restart();
            }

            if (--left > 0)
            {
                return;
            }

            _parts.Metrics.Journal.Wrote(Now - handedOver, draft.Events.Count);
            if (Failpoint.IsOn)
            {
                Between(draft.Events, FailpointCatalogue.After, () => Speak(draft, reply));
            }
            else
            {
                Speak(draft, reply);
            }
        });
    }

    private void Speak(Draft draft, Action<VmReply>? reply)
    {
        reply?.Invoke(draft.Reply);
        AfterChange();
        PublishNow();
        ShowInFleet();
    }

    private void AfterChange()
    {
        _gauges.Show(Active?.Phase);
        ShowSlot();
        if (SyncQueues())
        {
            Perform();
            ArmIdle();
        }
    }

    private bool IsPassable => State is { IsMigrating: false, Residence.Kind: ResidenceKind.Absent } && State.Owed.IsEmpty && _watchers.Count == 0
        && Entity.Reports.All(r => r.Guest is not { Alive: true });

    /// <summary>The journal keeps microseconds; what replays must be what was applied.</summary>
    private static DateTimeOffset WholeMicros(DateTimeOffset at) => at.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerMicrosecond));

    private sealed record Draft(VmEntity Entity, IReadOnlyList<VmEvent> Events, VmReply Reply)
    {
        /// <summary>A chain that does not settle is a defect of the decisions; it stops this one entity.</summary>
        private const int MaxEvents = 256;

        internal static Draft Of(VmEntity entity, IReadOnlyList<VmCommand> commands)
        {
            VmReply reply = VmReply.Done;
            List<VmEvent> events = [];
            foreach (VmCommand command in commands)
            {
                Domain.Handoff.Decision<VmReply, VmEvent> decision = VmDecisions.Decide(entity, command);
                reply = decision.Reply;
                foreach (VmEvent happened in decision.Events)
                {
                    entity = VmTransitions.Apply(entity, happened);
                    events.Add(happened);
                }
            }

            while (VmProgress.Next(entity) is { } next)
            {
                entity = VmTransitions.Apply(entity, next);
                events.Add(next);
                if (events.Count > MaxEvents)
                {
                    throw new InvalidOperationException($"decisions do not settle: {string.Join(", ", events.TakeLast(4))}");
                }
            }

            return new Draft(entity, events, reply);
        }
    }
}
