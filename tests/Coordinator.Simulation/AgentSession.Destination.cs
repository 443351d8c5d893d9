using Coordinator.Domain;
using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;

namespace Coordinator.Simulation;

public sealed partial class AgentSession
{
    private bool _isListening;
    private LaunchId _listens;
    private LoadedRings? _rings;
    private AttemptNo _gateFindings;
    private AttemptNo _releasedFor;
    private (SourceMessage Message, Action<RegisterReply> Answer, RegisterAnswer Last)? _asked;
    private DestinationHandoff? _answeredFor;
    private AttemptNo _followed;

    /// <summary>Asks or tells the register.</summary>
    public void HearSource(SourceMessage message, Action<RegisterReply> answer) => Post(() =>
    {
        if (!World.Rules.Hears(Disk.Floor, message))
        {
            return;
        }

        if (message is SourceMessage.Released && message.Attempt == Destination.Records.Attempt)
        {
            _releasedFor = message.Attempt;
        }

        Ask(message, answer, last: null);
    });

    private void ForgetDestination()
    {
        _rings = null;
        _gateFindings = AttemptNo.None;
        _releasedFor = AttemptNo.None;
        _asked = null;
        _answeredFor = null;
        _followed = AttemptNo.None;
    }

    private void Ask(SourceMessage message, Action<RegisterReply> answer, RegisterAnswer? last) =>
        Feed(new DestinationInput.FromSource(message, Agent.Store), reply =>
        {
            RegisterReply register = reply.Register ?? new RegisterReply(message.Attempt, RegisterAnswer.Unknown);
            _asked = (message, answer, register.Answer);
            _answeredFor = Destination;
            if (register.Answer != last)
            {
                World.Watch.Answered(this, register);
                answer(register);
            }
        });

    /// <summary>What was answered is not the whole truth any more: the message is judged again, as the repetition that it would have been.</summary>
    private void TellSource()
    {
        if (_asked is { } asked && !ReferenceEquals(_answeredFor, Destination))
        {
            _answeredFor = Destination;
            Post(() => Ask(asked.Message, asked.Answer, asked.Last));
        }
    }

    private void FollowResumed()
    {
        DestinationRecords records = Destination.Records;
        if (records.Attempt > AttemptNo.None && records.Running >= records.Attempt && _followed != records.Attempt && Guest(records.Launch) is { } guest)
        {
            _followed = records.Attempt;
            guest.IsArriving = false;
            Observe(guest);
        }
    }

    private Task Perform(DestinationEffect effect, int times)
    {
        TaskCompletionSource done = new();
        if (effect is DestinationEffect.LaunchIncoming launch)
        {
            LaunchIncoming(launch.Attempt, launch.Launch, done);
            return done.Task;
        }

        LaunchId launchId = Destination.Records.Launch;
        if (Guest(launchId) is not { } guest)
        {
            if (Disk.IsGone(launchId))
            {
                Post(() => Feed(new DestinationInput.Observed(QemuView.Gone(launchId))));
            }

            done.SetResult();
            return done.Task;
        }

        switch (effect)
        {
            case DestinationEffect.Observe:
                Observe(guest);
                done.SetResult();
                break;
            case DestinationEffect.JudgeGate judge:
                Judge(judge.Attempt, guest, done);
                break;
            case DestinationEffect.ContinueGuest go:
                Continue(go.Attempt, guest, done);
                break;
            case DestinationEffect.EndQemu end when end.Launch == guest.Machine.Launch:
                EndQemu(guest.Machine, done, polite: false);
                break;
            case DestinationEffect.StopForeignRun stop when stop.Launch == guest.Machine.Launch:
                World.Coverage.Saw("a foreign run was stopped");
                Command(guest, () => Vm.Hypervisors.Execute(guest.Machine, QemuCommand.Stop), _ => done.SetResult());
                break;
            default:
                done.SetResult();
                break;
        }

        return done.Task;
    }

    private void Judge(AttemptNo attempt, WatchedGuest guest, TaskCompletionSource done)
    {
        if (_releasedFor != attempt && World.Rules.GateNeedsRelease)
        {
            done.SetResult();
            return;
        }

        int life = Agent.Life;
        AtMonitor(guest.Machine, () => Agent.After(Dice.Between(20, 1_000), () =>
        {
            if (Agent.Life == life && guest.Machine is { Alive: true } machine && machine.Observe() is { } seen)
            {
                bool isOpen = World.Rules.IsGateOpen(_rings ?? seen.Rings);
                if (!isOpen)
                {
                    _gateFindings = attempt;
                }

                Post(() => Feed(new DestinationInput.GateJudged(attempt, isOpen)));
            }

            done.SetResult();
        }));
    }

    private void Continue(AttemptNo attempt, WatchedGuest guest, TaskCompletionSource done)
    {
        // What was never sent must not count as sent: when this copy turns out to be dead, `run` is withdrawn.
        if (!guest.Machine.Alive)
        {
            done.SetResult();
            return;
        }

        // Noted before it is sent, so that an unanswered one counts as sent.
        foreach (DestinationEvent happened in World.Rules.Decide(Destination, new DestinationInput.ContinueSending(attempt)).Events)
        {
            Destination = World.Rules.Apply(Destination, happened);
        }

        guest.Generation++;
        World.Watch.ContinueSent(this, guest.Machine, attempt);
        bool fails = guest.Machine is { Alive: true, Runs: false } && Vm.Hypervisors.TakeArmed(FaultKind.ContFails);
        if (fails)
        {
            World.Coverage.Hit(Vm, FaultKind.ContFails);
            World.Disturb(Vm);
        }

        Command(guest, () => fails ? QemuReply.Error(QemuErrors.ImageInUse) : Vm.Hypervisors.Execute(guest.Machine, QemuCommand.Cont), reply =>
        {
            if (reply.Kind == QemuReplyKind.Error)
            {
                Post(() =>
                {
                    if (Destination.View is not { GuestRuns: true })
                    {
                        guest.Generation++;
                        Feed(new DestinationInput.ContinueRefused(attempt));
                    }
                });
            }

            done.SetResult();
        });
    }

    private void LaunchIncoming(AttemptNo attempt, LaunchId launch, TaskCompletionSource done)
    {
        if (Disk.LaunchOf(launch) is not { IsGone: false, IsIdentified: false } note)
        {
            Post(() => Launched(attempt, launch, "this launch has ended"));
            done.SetResult();
            return;
        }

        int life = Agent.Life;
        World.Agenda.After(Dice.Between(5_000, 120_000), () =>
        {
            // An agent that dies meanwhile has told the launcher or has not.
            if ((Agent.Life != life && (!Dice.Chance(0.5) || Agent.IsLost)) || Vm.Hypervisors.Of(launch) is { Alive: true })
            {
                return;
            }

            Machine machine = Vm.Hypervisors.LaunchIncoming(launch, Agent, attempt);
            if (Agent.Life != life)
            {
                if (Agent.IsAlive && (_hasLooked || Disk.LaunchOf(launch) is { IsGone: true } or null))
                {
                    // The new life looked for it before it was there, and a launcher whose agent is dead does not start one: it never was.
                    Vm.Hypervisors.Kill(machine);
                }

                return;
            }

            Agent.After(Dice.Between(50, 2_000), () => Post(() => Write(
                disk => disk.With(launch, note with { IsIdentified = true }),
                () =>
                {
                    WatchedGuest guest = Watch(machine);
                    Listen(guest, done, () => Launched(attempt, launch, guest.Machine.Alive ? null : "it ended while it was being prepared"));
                },
                () =>
                {
                    // Not recorded: nobody would ever look after it. That it never was is recorded as soon as it can be.
                    Vm.Hypervisors.Kill(machine);
                    void NeverWas() => Post(() => Write(
                        disk => disk.With(launch, note with { IsGone = true }),
                        () =>
                        {
                            Launched(attempt, launch, "it could not be recorded");
                            done.TrySetResult();
                        },
                        () => Agent.After(500_000, NeverWas)));
                    NeverWas();
                })));
        });
    }

    private void Listen(WatchedGuest guest, TaskCompletionSource done, Action then) =>
        Command(guest, () => Vm.Hypervisors.Execute(guest.Machine, QemuCommand.MigrateIncoming), reply => Post(() =>
        {
            _isListening = guest.Machine.Alive && reply.Kind != QemuReplyKind.NoAnswer;
            _listens = guest.Machine.Launch;
            then();
            done.SetResult();
        }));

    private void Launched(AttemptNo attempt, LaunchId launch, string? refusal)
    {
        Feed(new DestinationInput.LaunchIssued(attempt), _ =>
        {
            if (Guest(launch) is { } guest)
            {
                guest.Generation++;
            }

            if (Disk.IsGone(launch))
            {
                Feed(new DestinationInput.Observed(QemuView.Gone(launch)), _ => Prepared(attempt, refusal), failed: () => Agent.After(500_000, () => Post(() => Launched(attempt, launch, refusal))));
            }
            else
            {
                Prepared(attempt, refusal);
            }
        });
        ReportSoon(atOnce: true);
    }

    /// <summary>An agent that died between launch and listening finds a QEMU that waits for the order; one that died later finds out where it listens.</summary>
    private void ListenAgain(WatchedGuest guest, QemuView view)
    {
        bool waits = Destination is { Stage: DestinationStage.Receiving, PreparedInThisLife: false } && guest.IsArriving
            && view is { Run: RunState.InMigrate, Status: MigrationStatus.None or MigrationStatus.Setup };
        if (waits && !_isListening)
        {
            Listen(guest, new TaskCompletionSource(), () => ReportSoon(atOnce: true));
        }
        else if (guest.IsArriving && view is { Run: RunState.InMigrate, Status: MigrationStatus.Active } && !_isListening)
        {
            _isListening = true;
            _listens = guest.Machine.Launch;
        }
    }
}
