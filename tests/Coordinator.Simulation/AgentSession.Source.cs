using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Simulation;

public sealed partial class AgentSession
{
    private AttemptNo _finalRead;
    private AttemptNo _rehearsed;
    private bool _isAnswered;
    private string _sourceError = "";

    /// <summary>The destination answers the newest attempt's message.</summary>
    public void HearAnswer(RegisterReply reply, string operation) => Post(() =>
    {
        World.Chronicle.Answered(this, operation, reply);
        if (reply.Attempt == Source.Attempt)
        {
            _isAnswered = true;
            World.Coverage.Saw(reply.Answer);
        }

        Feed(new SourceInput.RegisterAnswered(reply));
    });

    private void ForgetSource()
    {
        _finalRead = AttemptNo.None;
        _rehearsed = AttemptNo.None;
        _isAnswered = false;
        _sourceError = "";
    }

    private void BeginAttempt()
    {
        _finalRead = AttemptNo.None;
        _isAnswered = false;
        _sourceError = "";
        _standstill.Reset();
    }

    private void WatchStandstill()
    {
        TimeSpan deadline = Disk.Plan is { } plan && plan.Attempt == Source.Attempt ? TimeSpan.FromMilliseconds(plan.SwitchoverDeadlineMs) : TimeSpan.FromSeconds(5);
        if (_standstill.HasPassed(Source, SourceLaunch, deadline, NowMs))
        {
            if (World.Tells)
            {
                World.Tell($"{Agent.Name}/{Vm.Name}", $"the guest has stood still for {deadline.TotalMilliseconds} ms");
            }

            World.Coverage.Saw("a switchover deadline passed");
            Feed(new SourceInput.SwitchoverDeadlinePassed(Source.Attempt));
        }
    }

    private Task Perform(SourceEffect effect, int times)
    {
        LaunchId launch = SourceLaunch;
        TaskCompletionSource done = new();
        switch (effect)
        {
            case SourceEffect.Observe:
                ObserveSource(launch);
                done.SetResult();
                break;
            case SourceEffect.SendToDestination send:
                Say(send.Message, times, done);
                break;
            default:
                if (Guest(launch) is { } guest)
                {
                    Perform(effect, guest, done);
                }
                else
                {
                    done.SetResult();
                }

                break;
        }

        return done.Task;
    }

    private void ObserveSource(LaunchId launch)
    {
        if (Disk.IsGone(launch))
        {
            Post(() => Feed(new SourceInput.Observed(QemuView.Gone(launch))));
        }
        else if (Guest(launch) is { } guest)
        {
            Observe(guest);
        }
    }

    private void Perform(SourceEffect effect, WatchedGuest guest, TaskCompletionSource done)
    {
        Machine machine = guest.Machine;
        Hypervisors hypervisors = Vm.Hypervisors;
        switch (effect)
        {
            case SourceEffect.IssueMigrate issue:
                IssueMigrate(issue.Attempt, guest, done);
                break;
            case SourceEffect.CancelMigrate:
                Command(guest, () => hypervisors.Execute(machine, QemuCommand.MigrateCancel), _ =>
                {
                    Observe(guest);
                    done.SetResult();
                });
                break;
            case SourceEffect.ContinueSwitchover go:
                Command(guest, () => hypervisors.Execute(machine, QemuCommand.MigrateContinue()), _ => done.SetResult());
                Post(() => Invalidated(guest, new SourceInput.ContinueIssued(go.Attempt)));
                break;
            case SourceEffect.YankStream yank:
                World.Coverage.Saw("a stream was yanked");
                Command(guest, () => hypervisors.Execute(machine, QemuCommand.Yank), _ =>
                {
                    Post(() => Invalidated(guest, new SourceInput.YankIssued(yank.Attempt)));
                    done.SetResult();
                });
                break;
            case SourceEffect.RecordCompletion record:
                RecordCompletion(record.Attempt, guest, done);
                break;
            case SourceEffect.ContinueGuest go when go.Launch == machine.Launch:
                World.Coverage.Saw("a source was continued by its agent");
                Command(guest, () => hypervisors.Execute(machine, QemuCommand.Cont), _ => done.SetResult());
                break;
            case SourceEffect.StopForeignRun stop when stop.Launch == machine.Launch:
                World.Coverage.Saw("a foreign run was stopped");
                Command(guest, () => hypervisors.Execute(machine, QemuCommand.Stop), _ => done.SetResult());
                break;
            case SourceEffect.EndQemu end when end.Launch == machine.Launch:
                World.Watch.SourceEnded(this, machine);
                EndQemu(machine, done, polite: true);
                break;
            default:
                done.SetResult();
                break;
        }
    }

    /// <summary>What was seen before, and every answer to a question asked before, is worthless now.</summary>
    private void Invalidated(WatchedGuest guest, SourceInput input)
    {
        guest.Generation++;
        Feed(input);
    }

    private void IssueMigrate(AttemptNo attempt, WatchedGuest guest, TaskCompletionSource done)
    {
        if (Disk.Plan is not { } plan || plan.Attempt != attempt)
        {
            Post(() => Invalidated(guest, new SourceInput.MigrateIssued(attempt)));
            done.SetResult();
            return;
        }

        // Capabilities first; then `migrate` is on its way, and what is asked from then on is answered after it.
        Agent.After(Dice.Between(50, 1_500), () =>
        {
            Command(guest, () =>
            {
                World.Watch.MigrateIssued(this, guest.Machine, attempt);
                return Vm.Hypervisors.Migrate(guest.Machine, plan.Stream);
            }, reply =>
            {
                if (reply.Kind == QemuReplyKind.Error)
                {
                    _sourceError = reply.Text ?? "";
                }

                done.SetResult();
            });
            Post(() => Invalidated(guest, new SourceInput.MigrateIssued(attempt)));
        });
    }

    private void EndQemu(Machine machine, TaskCompletionSource done, bool polite)
    {
        int life = Agent.Life;
        World.Agenda.After(polite ? Dice.Between(500, machine.Observe() is null ? 1_100_000 : 5_000) : Dice.Between(100, 2_000), () =>
        {
            if (Agent.Life == life || Dice.Chance(0.5))
            {
                Vm.Hypervisors.Kill(machine);
            }

            if (Agent.Life == life)
            {
                Agent.After(100, () => done.SetResult());
            }
        });
    }

    /// <summary>Released carries the final indices: from memory, from disk, or read from the QEMU that stands still.</summary>
    private void WithFinal(AttemptNo attempt, Action then, Action otherwise)
    {
        if (_finalRead == attempt || Disk.Final == attempt)
        {
            then();
        }
        else if (Guest(SourceLaunch) is { Machine: { Alive: true } machine })
        {
            int life = Agent.Life;
            AtMonitor(machine, () => Agent.After(Dice.Between(50, 1_000), () =>
            {
                if (Agent.Life != life)
                {
                    return;
                }

                if (machine.Alive)
                {
                    _finalRead = attempt;
                    then();
                }
                else
                {
                    otherwise();
                }
            }));
        }
        else
        {
            otherwise();
        }
    }

    /// <summary>A record that cannot be written is tried again by the ledger.</summary>
    private void RecordCompletion(AttemptNo attempt, WatchedGuest guest, TaskCompletionSource done) => WithFinal(
        attempt,
        () => Agent.After(_isAnswered ? 10 : 50_000, () => Post(() =>
            Write(disk => disk with { Final = attempt }, () => Feed(new SourceInput.CompletionStored(attempt), _ => done.TrySetResult()), () => done.TrySetResult()))),
        done.SetResult);

    private void Say(SourceMessage message, int times, TaskCompletionSource done)
    {
        if (Disk.Plan is not { } plan)
        {
            done.SetResult();
            return;
        }

        void Send()
        {
            World.Watch.Said(this, message);
            string operation = World.Chronicle.Asks(this, message);
            bool direct = World.Network.Connects(Agent, plan.Destination);
            SendTo(plan.Destination, via: null, message, operation);
            if (!direct || times > 0)
            {
                // Unanswered so far: a coordinator may get through. It carries and never grants.
                World.Coverage.Saw("a message between agents was carried");
                foreach (CoordinatorNode node in World.Coordinators)
                {
                    SendTo(plan.Destination, node, message, operation);
                }
            }

            done.SetResult();
        }

        if (message is SourceMessage.Released)
        {
            WithFinal(message.Attempt, Send, done.SetResult);
        }
        else
        {
            Send();
        }
    }

    private void SendTo(AgentNode destination, CoordinatorNode? via, SourceMessage message, string operation)
    {
        AgentSession there = destination.Session(Vm);
        void Answer(RegisterReply reply)
        {
            if (via is null)
            {
                World.Network.Send(destination, Agent, () => HearAnswer(reply, operation));
            }
            else
            {
                World.Network.Send(destination, via, () => World.Network.Send(via, Agent, () => HearAnswer(reply, operation)));
            }
        }

        if (via is null)
        {
            World.Network.Send(Agent, destination, () => there.HearSource(message, Answer));
        }
        else
        {
            World.Network.Send(Agent, via, () => World.Network.Send(via, destination, () => there.HearSource(message, Answer)));
        }
    }
}
