using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Search;

public sealed partial class Moves
{
    /// <summary>What was put aside is delivered: at any time, in any order, any number of times.</summary>
    private void UnderWay(World world, Found found)
    {
        foreach (int member in Sets[world.Sent])
        {
            if ((member & 1) == 0)
            {
                Command command = Commands[member >> 1];
                Deliver(world, command, slot: -1, Say($"a late {Name(command.Effect)} of coordinator {command.Epoch} arrives"), found);
            }
            else
            {
                SourceMessage message = Messages[member >> 1];
                Hand(world, message, Say($"a late {Name(message)} arrives"), found);
            }
        }

        SourceAgent source = Sources[world.Source];
        if (!source.Alive)
        {
            return;
        }

        foreach (int answer in Sets[world.Replies])
        {
            RegisterReply reply = Answers[answer];
            Source(world, new SourceInput.RegisterAnswered(reply), Say($"a late answer {reply.Answer} arrives"), found);
        }
    }

    /// <summary>A coordinator's command reaches its agent: floor first, durable, then the decision.</summary>
    private void Deliver(World world, Command command, int slot, string name, Found found)
    {
        if (command.Effect is VmEffect.CarryRelease carried)
        {
            Carry(world, command, slot, carried.Record, name, found);
            return;
        }

        bool toSource = command.Effect is VmEffect.StartAttempt or VmEffect.CancelAttempt or VmEffect.EndSource or VmEffect.KeepSourceByWord or VmEffect.GiveUpSource
            || (command.Effect is VmEffect.Fence f && f.Host == SourceHost) || (command.Effect is VmEffect.EndOverruled o && o.Host == SourceHost);
        if (toSource)
        {
            SourceAgent agent = Sources[world.Source];
            if (!agent.Alive || !_rules.Admits(agent.Floor, command))
            {
                return;
            }

            World fenced = world with { Source = RaisedSource(world.Source, command) };
            SourceInput? input = command.Effect switch
            {
                VmEffect.StartAttempt start => new SourceInput.Start(start.Attempt, start.DestinationStore),
                VmEffect.CancelAttempt cancel => new SourceInput.Cancel(cancel.Attempt),
                VmEffect.EndSource end => new SourceInput.EndSource(end.Attempt, end.Launch),
                VmEffect.KeepSourceByWord keep => new SourceInput.KeepByWord(keep.Attempt, keep.Launch),
                VmEffect.GiveUpSource giveUp => new SourceInput.GiveUp(giveUp.Attempt, giveUp.Launch),
                VmEffect.EndOverruled end => new SourceInput.Overrule(end.Attempt, end.Launch),
                _ => null,
            };
            if (input is null)
            {
                Reported(fenced, slot, name, found);
            }
            else
            {
                CommandReply answer = _rules.Decide(agent.Handoff, input).Reply;
                Answered(Tell(fenced, input), slot, answer, command.Effect, name, found);
            }

            return;
        }

        DestinationAgent destination = Destinations[world.Destination];
        if (!destination.Alive || !_rules.Admits(destination.Floor, command))
        {
            return;
        }

        World next = world with { Destination = RaisedDestination(world.Destination, command) };
        DestinationInput? asked = command.Effect switch
        {
            VmEffect.PrepareDestination prepare => new DestinationInput.Prepare(prepare.Attempt, prepare.Launch),
            VmEffect.CleanUpDestination cleanUp => new DestinationInput.CleanUp(cleanUp.Attempt),
            VmEffect.AbandonDestination abandon => new DestinationInput.Abandon(abandon.Attempt),
            VmEffect.RunDestinationByWord run => new DestinationInput.RunByWord(run.Attempt, run.Launch),
            VmEffect.EndOverruled end => new DestinationInput.Overrule(end.Attempt, end.Launch),
            _ => null,
        };
        if (asked is null)
        {
            Reported(next, slot, name, found);
            return;
        }

        (World after, DestinationReply reply) = Tell(next, asked);
        CheckRefusal(world, after, asked);
        Answered(after, slot, reply.Command!.Value, command.Effect, name, found);
    }

    /// <summary>The source agent's word from its record, by a coordinator; judged as if it had come directly.</summary>
    private void Carry(World world, Command command, int slot, ReleaseRecord record, string name, Found found)
    {
        DestinationAgent agent = Destinations[world.Destination];
        if (!agent.Alive || !_rules.Admits(agent.Floor, command))
        {
            return;
        }

        SourceMessage released = new SourceMessage.Released(record.Attempt, record.DestinationStore, GuestWasRunning: _options.Guest == GuestBefore.Running);
        (World next, DestinationReply reply) = Tell(
            world with { Destination = RaisedDestination(world.Destination, command) }, new DestinationInput.FromSource(released, agent.Store));
        CommandReply answer = reply.Register!.Value.Answer is RegisterAnswer.Refused or RegisterAnswer.Unknown or RegisterAnswer.GateClosed
            ? CommandReply.Rejected("no longer possible") : CommandReply.Accepted;
        Answered(next, slot, answer, command.Effect, name, found);
    }

    /// <summary>A fence is answered by a report read after it.</summary>
    private void Reported(World world, int slot, string name, Found found)
    {
        if (slot >= 0 && EntityIn(world, slot) >= 0)
        {
            ReadReports(world, slot, Entities[EntityIn(world, slot)], (next, what, fault) => found(next, name + "; " + what, fault));
        }

        found(world, name, isFault: false);
    }

    private void SourceMoves(World world, Found found)
    {
        SourceAgent agent = Sources[world.Source];
        if (!agent.Alive)
        {
            return;
        }

        QemuPair pair = Pairs[world.Pair];
        QemuView? seen = !pair.Source.Alive
            ? QemuView.Gone(SourceLaunch)
            : Qemu.Observe(pair, Side.Source) is { } o ? new QemuView(SourceLaunch, Alive: true, o.Run, o.Status) : null;
        if (seen is { } view && agent.Handoff.View != view)
        {
            Source(world, new SourceInput.Observed(view), Say($"source agent sees {(view.Alive ? $"{view.Run}/{view.Status}" : "its QEMU gone")}"), found);
        }

        if (agent.Handoff.Stage is SourceStage.Switching or SourceStage.HandedOver or SourceStage.Stranded && (!agent.Handoff.DeadlinePassed || agent.Handoff.Yanked))
        {
            Source(world, new SourceInput.SwitchoverDeadlinePassed(agent.Handoff.Attempt), "source agent: the guest has stood still too long", found);
        }

        foreach (SourceEffect effect in EffectsOfSource(world.Source))
        {
            Perform(world, pair, effect, found);
        }
    }

    private void Perform(World world, QemuPair pair, SourceEffect effect, Found found)
    {
        string name = Say($"source agent: {Name(effect)}");
        switch (effect)
        {
            case SourceEffect.IssueMigrate e:
                Command(world, Side.Source, QemuCommand.Migrate, name, found, next => Tell(next, new SourceInput.MigrateIssued(e.Attempt)));
                break;
            case SourceEffect.CancelMigrate:
                Command(world, Side.Source, QemuCommand.MigrateCancel, name, found, next => next);
                break;
            case SourceEffect.ContinueSwitchover e:
                Command(world, Side.Source, QemuCommand.MigrateContinue(), name, found, next => Tell(next, new SourceInput.ContinueIssued(e.Attempt)));
                break;
            case SourceEffect.YankStream e:
                Command(world, Side.Source, QemuCommand.Yank, name, found, next => Tell(next, new SourceInput.YankIssued(e.Attempt)));
                break;
            case SourceEffect.RecordCompletion e:
                found(Tell(world, new SourceInput.CompletionStored(e.Attempt)), name, isFault: false);
                break;
            case SourceEffect.ContinueGuest:
                Command(world, Side.Source, QemuCommand.Cont, name, found, next => next);
                break;
            case SourceEffect.StopForeignRun:
                Command(world, Side.Source, QemuCommand.Stop, name, found, next => next);
                break;
            case SourceEffect.EndQemu:
                SourceHandoff ending = Sources[world.Source].Handoff;
                bool recorded = Destinations[world.Destination].Handoff.Records.Running >= ending.Attempt || ending.Records.Overruled >= ending.Attempt;
                if (!recorded && !world.Happened.HasFlag(Happened.StateWiped))
                {
                    throw new ViolationException("the source is ended although the destination has not recorded Running");
                }

                found(world with { Pair = Pairs.Of(Qemu.ProcessDied(pair, Side.Source)) }, name, isFault: false);
                break;
            case SourceEffect.SendToDestination send:
                Hand(world, send.Message, Say($"source agent sends {Name(send.Message)}"), found);
                if (WithFaults && _options.DelayedMessages)
                {
                    int sent = Sets.Add(world.Sent, (Messages.Of(send.Message) << 1) | 1);
                    if (sent != world.Sent)
                    {
                        found(world with { Sent = sent }, Say($"{Name(send.Message)} is under way"), isFault: true);
                    }
                }

                break;
            default:
                break;
        }
    }

    /// <summary>A message of the source reaches the register; the answer reaches the source now, later, or never.</summary>
    private void Hand(World world, SourceMessage message, string name, Found found)
    {
        DestinationAgent destination = Destinations[world.Destination];
        if (!destination.Alive || !_rules.Hears(destination.Floor, message))
        {
            return;
        }

        DestinationInput input = new DestinationInput.FromSource(message, destination.Store);
        (World next, DestinationReply reply) = Tell(world, input);
        CheckRefusal(world, next, input);
        RegisterReply answer = reply.Register!.Value;
        if (Sources[next.Source].Alive)
        {
            Source(next, new SourceInput.RegisterAnswered(answer), Say($"{name}, answered {answer.Answer}"), found);
        }

        if (answer.Answer != RegisterAnswer.Undecided && _options.DelayedMessages && WithFaults)
        {
            found(next with { Replies = Sets.Add(next.Replies, Answers.Of(answer)) }, Say($"{name}, the answer {answer.Answer} is under way"), isFault: true);
        }
        else if (answer.Answer == RegisterAnswer.Undecided || !_options.DelayedMessages)
        {
            found(next, Say($"{name}, its answer {answer.Answer} is lost"), isFault: false);
        }
    }

    private void DestinationMoves(World world, Found found)
    {
        DestinationAgent agent = Destinations[world.Destination];
        if (!agent.Alive)
        {
            return;
        }

        DestinationHandoff handoff = agent.Handoff;
        QemuPair pair = Pairs[world.Pair];
        LaunchId launch = handoff.Records.Launch;
        bool ours = handoff.Launched || !handoff.PreparedInThisLife || handoff.Records.Register != RegisterValue.Empty;
        QemuView? seen = !ours ? null
            : !pair.Destination.Alive ? QemuView.Gone(launch)
            : Qemu.Observe(pair, Side.Destination) is { } o ? new QemuView(launch, Alive: true, o.Run, o.Status) : null;
        if (handoff.Records.Attempt > AttemptNo.None && seen is { } view && handoff.View != view)
        {
            Destination(world, new DestinationInput.Observed(view), Say($"destination agent sees {(view.Alive ? $"{view.Run}/{view.Status}" : "its QEMU gone")}"), found);
        }

        foreach (DestinationEffect effect in EffectsOfDestination(world.Destination))
        {
            Perform(world, pair, handoff, effect, found);
        }
    }

    private void Perform(World world, QemuPair pair, DestinationHandoff handoff, DestinationEffect effect, Found found)
    {
        string name = Say($"destination agent: {Name(effect)}");
        switch (effect)
        {
            case DestinationEffect.LaunchIncoming e when !pair.Destination.Alive:
                QemuPair launched = Qemu.Execute(Qemu.LaunchDestination(pair, autostart: false), Side.Destination, QemuCommand.MigrateIncoming).Next;
                found(Tell(world with { Pair = Pairs.Of(launched) }, new DestinationInput.LaunchIssued(e.Attempt)).World, name, isFault: false);
                break;
            case DestinationEffect.JudgeGate e:
                Destination(world, new DestinationInput.GateJudged(e.Attempt, _rules.IsGateOpen(pair.Destination.Rings)), name, found);
                break;
            case DestinationEffect.ContinueGuest e:
                World sending = Tell(world, new DestinationInput.ContinueSending(e.Attempt)).World;
                Command(sending, Side.Destination, QemuCommand.Cont, name, found, next => next);
                if (WithFaults && _options.ContFails && pair.Destination is { Alive: true, GuestRuns: false } && !handoff.ContinueFailed)
                {
                    found(Remembering(Tell(sending, new DestinationInput.ContinueRefused(e.Attempt)).World, Happened.ContinueFailed), name + " answers an error", isFault: true);
                }

                break;
            case DestinationEffect.EndQemu:
                found(world with { Pair = Pairs.Of(Qemu.ProcessDied(pair, Side.Destination)) }, name, isFault: false);
                break;
            case DestinationEffect.StopForeignRun:
                Command(world, Side.Destination, QemuCommand.Stop, name, found, next => next);
                break;
            default:
                break;
        }
    }

    private void Command(World world, Side side, QemuCommand command, string name, Found found, Func<World, World> after)
    {
        foreach (int next in OutcomesOf(world.Pair, side, command))
        {
            found(after(world with { Pair = next }), name, isFault: false);
        }
    }

    private void Source(World world, SourceInput input, string name, Found found) => found(Tell(world, input), name, isFault: false);

    private void Destination(World world, DestinationInput input, string name, Found found)
    {
        World next = Tell(world, input).World;
        CheckRefusal(world, next, input);
        found(next, name, isFault: false);
    }

    private World Tell(World world, SourceInput input) => world with { Source = Told(world.Source, input) };

    private (World World, DestinationReply Reply) Tell(World world, DestinationInput input)
    {
        (int next, DestinationReply reply) = Told(world.Destination, input);
        return (world with { Destination = next }, reply);
    }

    /// <summary>
    /// A loaded copy may be the last one: it is refused only on the source agent's request, or as clean-up of an attempt whose result says that the source keeps the guest.
    /// </summary>
    private void CheckRefusal(World before, World after, DestinationInput cause)
    {
        DestinationHandoff was = Destinations[before.Destination].Handoff;
        DestinationHandoff now = Destinations[after.Destination].Handoff;
        bool refusedNow = was.Records.Register == RegisterValue.Empty && now.Records.Register == RegisterValue.Refused;
        QemuPair pair = Pairs[before.Pair];
        if (!refusedNow || !pair.Destination.Alive || pair.Destination.Status != MigrationStatus.Completed)
        {
            return;
        }

        bool asked = cause is DestinationInput.FromSource { Message: SourceMessage.Refuse };
        VmState journal = Journals[before.Journal];
        bool owed = cause switch
        {
            DestinationInput.CleanUp cleanUp => journal.Owed.Any(o => o is Owed.CleanUp or Owed.EndOverruled && o.Attempt >= cleanUp.Attempt),
            DestinationInput.Overrule overrule => journal.Owed.Any(o => o is Owed.EndOverruled && o.Attempt >= overrule.Attempt),
            _ => false,
        };
        bool givenUp = cause is DestinationInput.CleanUp && journal.Migration?.Resolution?.Choice == DoubtChoice.Lost;
        bool settled = cause is DestinationInput.CleanUp && journal.Migration is { } m && m.Phase.IsTerminal() && m.Phase != MigrationPhase.Succeeded;
        if (!asked && !owed && !settled && !givenUp)
        {
            throw new ViolationException($"a loaded copy is refused by {Name(cause)}, not by its source");
        }
    }
}
