using Coordinator.Actors.Migrations;
using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Virtqueues;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>
/// One life of a VM's entity, a shell as the actor is one: decide, draw everything that follows, journal all of it in one write, apply, answer, perform what is outstanding.
/// </summary>
public sealed partial class Incarnation(World world, VirtualMachine vm, CoordinatorNode node, IncarnationId id)
{
    private const int MaxEvents = 256;

    private readonly Queue<Action> _stash = [];
    private readonly EffectSchedule _schedule = new();
    private readonly Dictionary<HostName, View> _views = [];
    private readonly HashSet<VmEffect.ArmDeadline> _armed = [];
    private readonly Dice _dice = Dice.Of(world.Schedule.Seed, id.Value);
    private VmEntity _entity = new(VmState.Initial);
    private Epoch _greatestFloor;
    private int _count;
    private bool _claimed;
    private bool _isRecovered;
    private bool _isPersisting;
    private int _drive;
    private AttemptNo _verifying;

    public CoordinatorNode Node => node;

    public bool IsStopped { get; private set; }

    public VmEntity Entity => _entity;

    private MigrationState? Active => _entity.State.Migration is { } m && !m.Phase.IsTerminal() ? m : null;

    public override string ToString() => $"{node.Name}/{vm.Name} epoch {_entity.State.Epoch}";

    public void Recover() => node.After(_dice.Between(500, 30_000), () =>
    {
        if (IsStopped)
        {
            return;
        }

        if (world.IsJournalDown)
        {
            Fail();
            return;
        }

        _count = vm.Journal.Count;
        _entity = new VmEntity(vm.Journal.State);
        world.Watch.Recovered(vm);
        _isRecovered = true;
        Execute(reply: null);
    });

    public void Stop()
    {
        if (!IsStopped)
        {
            IsStopped = true;
            vm.Ended(this, failed: false);
        }
    }

    /// <summary>For a client: the answer leaves after the events that it stands for.</summary>
    public void Ask(VmCommand command, Action<VmReply> reply) => Take(() => Execute(reply, command));

    public void Hear(AgentReport report) => Take(() =>
    {
        HostName host = report.Report.Host;
        if (_views.TryGetValue(host, out View? known) && ReportOrder.IsOld(
            report.Life == known.Report.Life, report.Sequence, known.Report.Sequence, world.Agenda.Now - known.ReceivedAt))
        {
            return;
        }

        _views[host] = new View(report, world.Agenda.Now);
        CommandFloor floor = report.Report.Floor;
        _greatestFloor = Epoch.Max(_greatestFloor, floor.Epoch);
        if (_claimed && (floor.Epoch > _entity.State.Epoch || (floor.Epoch == _entity.State.Epoch && floor.Incarnation != _entity.State.Incarnation)))
        {
            // No evidence, but if it knows of more attempts than the journal, its host is to be asked.
            _entity = _entity.With(report.Report);
            Execute(reply: null, new VmCommand.Claim(id, floor.Epoch));
            return;
        }

        _entity = _entity.With(report.Report);
        if (Active is { Rehearsed: false } m && m.Source == host && m.Attempt > AttemptNo.None && report.Rehearsed == m.Attempt)
        {
            Execute(reply: null, new VmCommand.NoteRehearsal(m.Attempt, default));
        }
        else
        {
            Execute(reply: null);
        }
    });

    public void Hear(StepAnswer answer) => Take(() =>
    {
        if (answer.Outcome == StepOutcome.Fenced)
        {
            _greatestFloor = Epoch.Max(_greatestFloor, answer.Floor);
            if (_claimed && answer.Epoch == _entity.State.Epoch.Value && answer.Floor >= _entity.State.Epoch)
            {
                Execute(reply: null, new VmCommand.Claim(id, answer.Floor));
            }

            return;
        }

        if (!_claimed || answer.Epoch != _entity.State.Epoch.Value || _schedule.EffectOf(answer.StepNo) is not { } effect || VmEffects.HostOf(effect) != answer.From.Host || answer.Outcome != StepOutcome.Rejected)
        {
            return;
        }

        VmCommand? command = effect switch
        {
            VmEffect.PrepareDestination e => new VmCommand.RefusePreparation(e.Attempt, answer.Reason),
            VmEffect.Rehearse e => new VmCommand.RefusePreparation(e.Attempt, answer.Reason),
            VmEffect.StartAttempt e => new VmCommand.RefuseStart(e.Attempt, answer.Reason),
            VmEffect.KeepSourceByWord e => new VmCommand.RefuseResolution(e.Attempt, answer.Reason),
            VmEffect.GiveUpSource e => new VmCommand.RefuseResolution(e.Attempt, answer.Reason),
            VmEffect.RunDestinationByWord e => new VmCommand.RefuseResolution(e.Attempt, answer.Reason),
            VmEffect.CarryRelease e => new VmCommand.RefuseResolution(e.Record.Attempt, answer.Reason),
            _ => null,
        };
        if (command is not null)
        {
            Execute(reply: null, command);
        }
    });

    /// <summary>Commands wait while a write is under way.</summary>
    private void Take(Action input)
    {
        if (IsStopped || !_isRecovered)
        {
            return;
        }

        if (_isPersisting)
        {
            _stash.Enqueue(input);
            return;
        }

        input();
    }

    private void Execute(Action<VmReply>? reply, params VmCommand[] commands)
    {
        (VmEntity entity, List<VmEvent> events, VmReply said) = Draft(commands);
        if (!_claimed && (events.Count > 0 || world.Rules.Effects(entity).Count > 0))
        {
            (_, events, said) = Draft([new VmCommand.Claim(id, _greatestFloor), .. commands]);
        }

        if (events.Count == 0)
        {
            reply?.Invoke(said);
            AfterChange();
            return;
        }

        Persist(events, () =>
        {
            reply?.Invoke(said);
            AfterChange();
        });
    }

    private (VmEntity Entity, List<VmEvent> Events, VmReply Reply) Draft(VmCommand[] commands)
    {
        VmEntity entity = _entity;
        VmReply reply = VmReply.Done;
        List<VmEvent> events = [];
        foreach (VmCommand command in commands)
        {
            Decision<VmReply, VmEvent> decision = world.Rules.Decide(entity, command);
            reply = decision.Reply;
            foreach (VmEvent happened in decision.Events)
            {
                entity = VmTransitions.Apply(entity, happened);
                events.Add(happened);
            }
        }

        while (world.Rules.Next(entity) is { } next)
        {
            entity = VmTransitions.Apply(entity, next);
            events.Add(next);
            if (events.Count > MaxEvents)
            {
                throw new ViolationException($"decisions do not settle: {string.Join(", ", events.TakeLast(4))}");
            }
        }

        return (entity, events, reply);
    }

    private void Persist(List<VmEvent> events, Action then)
    {
        _isPersisting = true;
        int life = node.Life;
        long takes = world.Agenda.NowMicros < world.JournalSlowUntilMicros ? _dice.Between(100_000, 3_000_000) : _dice.Between(200, _dice.Chance(0.03) ? 60_000 : 4_000);
        int expected = _count;
        int generation = vm.Journal.Generation;

        // A write that was sent when its writer died, or was overtaken, is carried out all the same, or was never sent.
        world.Agenda.After(takes, () =>
        {
            bool isOrphan = IsStopped || node.Life != life || !node.IsAlive;
            if (isOrphan && !_dice.Chance(0.5))
            {
                return;
            }

            bool isWritten = !world.IsJournalDown && generation == vm.Journal.Generation && TryAppend(expected, events);
            if (isWritten)
            {
                world.Journalled(vm, this, events);
            }
            else if (expected != vm.Journal.Count)
            {
                world.Coverage.Saw("the journal refused a stale incarnation's write");
            }

            if (!isOrphan)
            {
                node.After(_dice.Between(20, 500), () => Persisted(isWritten, expected, events, then));
            }
        });
    }

    private bool TryAppend(int expected, List<VmEvent> events)
    {
        if (!world.Rules.JournalAcceptsTwoWriters)
        {
            return vm.Journal.TryAppend(expected, events);
        }

        vm.Journal.AppendAnyway(_entity.State, events);
        return true;
    }

    private void Persisted(bool isWritten, int expected, List<VmEvent> events, Action then)
    {
        if (IsStopped)
        {
            return;
        }

        if (!isWritten)
        {
            Fail();
            return;
        }

        foreach (VmEvent happened in events)
        {
            _entity = VmTransitions.Apply(_entity, happened);
            if (happened is VmEvent.IncarnationStarted)
            {
                _claimed = true;
                _schedule.Restart();
            }
        }

        _count = expected + events.Count;
        world.Watch.Applied(vm, this, _count);
        _isPersisting = false;
        then();
        while (!_isPersisting && !IsStopped && _stash.TryDequeue(out Action? input))
        {
            input();
        }
    }

    private void Fail()
    {
        IsStopped = true;
        if (world.Tells)
        {
            world.Tell(ToString(), "a write or a recovery failed: the entity stops");
        }

        vm.Ended(this, failed: true);
    }

    private sealed record View(AgentReport Report, TimeSpan ReceivedAt);
}
