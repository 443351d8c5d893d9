using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;
using Coordinator.Search;

namespace Coordinator.Simulation;

/// <param name="Store">Of the agent that is meant; none with a fence.</param>
/// <param name="Plan">What the coordinator composed from the destination's report; with a start and a rehearsal only.</param>
public sealed record Step(Command Command, long StepNo, StoreInstanceId Store, StartPlan? Plan);

public enum StepOutcome
{
    Accepted,
    Rejected,
    NotYet,
    Fenced,
}

public sealed record StepAnswer(AgentNode From, long Epoch, long StepNo, StepOutcome Outcome, string Reason, Epoch Floor);

/// <summary>Commands of coordinators: the floor and the address first, then the step log, then the decision; answered when all of it is on disk.</summary>
public sealed partial class AgentSession
{
    private readonly HashSet<(long Epoch, long StepNo)> _underWay = [];
    private Action<AttemptNo, string?> _prepared = (_, _) => { };

    public void HearStep(Step step) => Post(() => Receive(step));

    private void Receive(Step step)
    {
        Command command = step.Command;
        (long, long) key = (command.Epoch.Value, step.StepNo);
        if (!World.Rules.Admits(Disk.Floor, command))
        {
            World.Coverage.Saw("a command below the floor was refused");
            Answer(new StepAnswer(Agent, key.Item1, key.Item2, StepOutcome.Fenced, Disk.Floor.Refusal(command.Epoch), Disk.Floor.Epoch));
            return;
        }

        if (!World.Rules.Reaches(step.Store, Agent.Store))
        {
            World.Coverage.Saw("a command for an earlier store was refused");
            Answer(new StepAnswer(Agent, key.Item1, key.Item2, StepOutcome.NotYet, CommandAddress.Refusal(step.Store, Agent.Store), Disk.Floor.Epoch));
            return;
        }

        if (_underWay.Contains(key))
        {
            return;
        }

        foreach ((long epoch, long stepNo, CommandReply stored) in Disk.Steps)
        {
            if (epoch == key.Item1 && stepNo == key.Item2)
            {
                World.Coverage.Saw("a repeated step got the stored answer");
                Answer(Made(step, stored));
                return;
            }
        }

        switch (command.Effect)
        {
            case VmEffect.Fence:
                Commit(step, CommandReply.Accepted, disk => disk, () => ReportSoon(atOnce: true));
                break;
            case VmEffect.PrepareDestination prepare:
                Prepare(step, prepare);
                break;
            case VmEffect.Rehearse rehearse:
                Rehearse(step, rehearse.Attempt);
                break;
            case VmEffect.StartAttempt start:
                AttemptNo before = Source.Attempt;
                Command(step, new SourceInput.Start(start.Attempt, start.DestinationStore), disk => disk.Source.Started > before ? disk with { Plan = step.Plan } : disk, () =>
                {
                    if (Source.Attempt > before)
                    {
                        BeginAttempt();
                    }
                });
                break;
            case VmEffect.CancelAttempt cancel:
                Command(step, new SourceInput.Cancel(cancel.Attempt), disk => disk, () => { });
                break;
            case VmEffect.EndSource end:
                Command(step, new SourceInput.EndSource(end.Attempt, end.Launch), disk => disk, () => { });
                break;
            case VmEffect.KeepSourceByWord keep:
                Command(step, new SourceInput.KeepByWord(keep.Attempt, keep.Launch), disk => disk, () => { });
                break;
            case VmEffect.GiveUpSource giveUp:
                Command(step, new SourceInput.GiveUp(giveUp.Attempt, giveUp.Launch), disk => disk, () => { });
                break;
            case VmEffect.EndOverruled end when Source.Attempt == end.Attempt && Source.Records.Launch == end.Launch:
                Command(step, new SourceInput.Overrule(end.Attempt, end.Launch), disk => disk, () => { });
                break;
            case VmEffect.EndOverruled end:
                Command(step, new DestinationInput.Overrule(end.Attempt, end.Launch));
                break;
            case VmEffect.RunDestinationByWord run:
                Command(step, new DestinationInput.RunByWord(run.Attempt, run.Launch));
                break;
            case VmEffect.CarryRelease carried:
                CarryRelease(step, carried.Record);
                break;
            case VmEffect.CleanUpDestination cleanUp:
                Command(step, new DestinationInput.CleanUp(cleanUp.Attempt));
                break;
            case VmEffect.AbandonDestination abandon:
                Command(step, new DestinationInput.Abandon(abandon.Attempt));
                break;
            default:
                throw new ViolationException($"the simulator does not know {command.Effect}");
        }
    }

    private void Command(Step step, SourceInput input, Func<Disk, Disk> alongside, Action then) =>
        Feed(input, reply =>
        {
            then();
            Answer(Made(step, reply));
        }, (disk, reply) => Logged(alongside(disk), step, reply));

    private void Command(Step step, DestinationInput input)
    {
        CommandReply answered = default;
        Feed(input, _ => Answer(Made(step, answered)), (disk, reply) => Logged(disk, step, answered = reply));
    }

    /// <summary>The source agent's word by another way. What becomes of it is told by the report, as if it had come directly.</summary>
    private void CarryRelease(Step step, ReleaseRecord record)
    {
        if (record.Attempt == Destination.Records.Attempt)
        {
            _releasedFor = record.Attempt;
        }

        SourceMessage.Released released = new(record.Attempt, record.DestinationStore, World.Schedule.Guest == GuestBefore.Running);
        World.Chronicle.Asks(this, released);
        Feed(new DestinationInput.FromSource(released, Agent.Store), _ =>
        {
            DestinationRecords after = Destination.Records;
            CommandReply reply = after.Attempt != record.Attempt || Agent.Store != record.DestinationStore || after.Register == RegisterValue.Refused || Destination.Gate == GateState.Closed
                ? CommandReply.Rejected("no longer possible")
                : after.Register == RegisterValue.Run ? CommandReply.Accepted : CommandReply.NotYet("the gate has not judged yet");
            Commit(step, reply, disk => disk, () => { });
        });
    }

    private void Commit(Step step, CommandReply reply, Func<Disk, Disk> alongside, Action then) =>
        Write(disk => Logged(alongside(disk), step, reply), () =>
        {
            Answer(Made(step, reply));
            then();
        });

    /// <summary>Floor, records and answer in one commit. "Not yet" is no answer to keep: the repetition is to be decided anew.</summary>
    private static Disk Logged(Disk disk, Step step, CommandReply reply)
    {
        Disk raised = Raised(disk, step.Command);
        return reply.Kind == ReplyKind.NotYet ? raised
            : raised with { Steps = raised.Steps.Where(s => s.Epoch >= raised.Floor.Epoch.Value).Append((step.Command.Epoch.Value, step.StepNo, reply)).ToEquatableList() };
    }

    private static Disk Raised(Disk disk, Command command) => disk with
    {
        Floor = disk.Floor.Admits(command.Epoch, command.Incarnation) ? disk.Floor.Raise(command.Epoch, command.Incarnation) : disk.Floor,
    };

    private void Prepare(Step step, VmEffect.PrepareDestination command)
    {
        Decision<DestinationReply, DestinationEvent> decision = World.Rules.Decide(Destination, new DestinationInput.Prepare(command.Attempt, command.Launch));
        CommandReply reply = decision.Reply.Command ?? CommandReply.Accepted;
        if (reply.Kind != ReplyKind.Accepted || decision.Events.IsEmpty)
        {
            Commit(step, reply, disk => disk, () => { });
            return;
        }

        if (Disk.ResidentLives)
        {
            bool passes = Source.Stage is SourceStage.NotObserved or SourceStage.HandedOver;
            Commit(step, passes ? CommandReply.NotYet("the guest's former QEMU is still on this host") : CommandReply.Rejected("the guest is on this host already"), disk => disk, () => { });
            return;
        }

        DestinationHandoff next = Destination;
        foreach (DestinationEvent happened in decision.Events)
        {
            next = World.Rules.Apply(next, happened);
        }

        // Answered when QEMU listens; until then a repetition waits for the one answer.
        Decide(decision.Events, () => Write(
            disk => Raised(disk, step.Command).With(command.Launch, new LaunchNote(IsGone: false, IsIdentified: false)) with { Copied = next.Records },
            () =>
            {
                _underWay.Add((step.Command.Epoch.Value, step.StepNo));
                ForgetArrival();
                _prepared = (attempt, why) =>
                {
                    if (attempt == command.Attempt && _underWay.Contains((step.Command.Epoch.Value, step.StepNo)))
                    {
                        Post(() => End(step, why is null ? CommandReply.Accepted : CommandReply.Rejected(why)));
                    }
                };
                Become(next);
            }), failed: null);
    }

    private void Prepared(AttemptNo attempt, string? refusal) => _prepared(attempt, refusal);

    private void ForgetArrival()
    {
        _isListening = false;
        _rings = null;
        _gateFindings = AttemptNo.None;
        _releasedFor = AttemptNo.None;
    }

    /// <summary>The whole handoff once, empty, between the two agents.</summary>
    private void Rehearse(Step step, AttemptNo attempt) => Write(disk => Raised(disk, step.Command), () =>
    {
        _underWay.Add((step.Command.Epoch.Value, step.StepNo));
        bool isOver = false;
        void Over(bool measured) => Post(() =>
        {
            if (!isOver)
            {
                isOver = true;
                _rehearsed = measured ? attempt : _rehearsed;
                End(step, measured ? CommandReply.Accepted : CommandReply.NotYet("the destination's agent does not answer"));
                ReportSoon(atOnce: true);
            }
        });

        if (step.Plan is not { } plan)
        {
            Over(measured: false);
            return;
        }

        World.Network.Send(Agent, plan.Destination, () => World.Network.Send(plan.Destination, Agent, () => Over(measured: true)));
        Agent.After(2_000_000, () => Over(measured: false));
    });

    private void End(Step step, CommandReply reply)
    {
        _underWay.Remove((step.Command.Epoch.Value, step.StepNo));
        Write(disk => reply.Kind == ReplyKind.NotYet ? disk : Answered(disk, step, reply), () => Answer(Made(step, reply)));
    }

    /// <summary>The floor may have been raised meanwhile; it is not touched.</summary>
    private static Disk Answered(Disk disk, Step step, CommandReply reply) =>
        disk with { Steps = disk.Steps.Add((step.Command.Epoch.Value, step.StepNo, reply)) };

    private StepAnswer Made(Step step, CommandReply reply) => new(
        Agent, step.Command.Epoch.Value, step.StepNo,
        reply.Kind switch
        {
            ReplyKind.Accepted => StepOutcome.Accepted,
            ReplyKind.Rejected => StepOutcome.Rejected,
            _ => StepOutcome.NotYet,
        },
        reply.Reason, Disk.Floor.Epoch);

    /// <summary>To the VM's entity, wherever it is: also to one that has been overtaken.</summary>
    private void Answer(StepAnswer answer)
    {
        foreach (Incarnation incarnation in Vm.Incarnations)
        {
            World.Network.Send(Agent, incarnation.Node, () => incarnation.Hear(answer));
        }
    }
}
