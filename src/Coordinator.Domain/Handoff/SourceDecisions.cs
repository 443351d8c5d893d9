using Coordinator.Domain.QemuModel;

namespace Coordinator.Domain.Handoff;

/// <summary>Decide, Apply and Effects of the source's part. Pure; the agent, the simulator and the exhaustive search are shells around these three.</summary>
public static class SourceDecisions
{
    public static Decision<CommandReply, SourceEvent> Decide(SourceHandoff state, SourceInput input) => input switch
    {
        SourceInput.Start start => DecideStart(state, start),
        SourceInput.Cancel cancel => DecideCancel(state, cancel),
        SourceInput.EndSource end => DecideEnd(state, end),
        SourceInput.KeepByWord keep => DecideKeepByWord(state, keep),
        SourceInput.GiveUp giveUp => DecideGiveUp(state, giveUp),
        SourceInput.Overrule overrule => DecideOverrule(state, overrule),
        SourceInput.Observed seen => DecideObserved(state, seen.View),
        SourceInput.MigrateIssued issued => Happened(issued.Attempt == state.Attempt, new SourceEvent.MigrateWasIssued(issued.Attempt)),
        SourceInput.ContinueIssued issued => Happened(issued.Attempt == state.Attempt, new SourceEvent.SwitchoverContinued()),
        SourceInput.YankIssued issued => Happened(issued.Attempt == state.Attempt, new SourceEvent.StreamYanked()),
        SourceInput.RegisterAnswered answered => DecideAnswered(state, answered.Reply),
        SourceInput.SwitchoverDeadlinePassed passed => Happened(passed.Attempt == state.Attempt && (!state.DeadlinePassed || state.Yanked), new SourceEvent.DeadlineNoted()),
        SourceInput.CompletionStored stored =>
            Happened(stored.Attempt == state.Attempt && state.Records.Completed < stored.Attempt, new SourceEvent.CompletionRecorded(stored.Attempt)),
        _ => throw new InvalidOperationException($"unknown input {input}"),
    };

    public static SourceHandoff Apply(SourceHandoff state, SourceEvent happened)
    {
        SourceRecords records = state.Records;
        return happened switch
        {
            SourceEvent.AttemptStarted e => Begin(state, e),
            SourceEvent.Tombstoned e => state with { Records = records with { Tombstone = AttemptNo.Max(records.Tombstone, e.Attempt) } },
            SourceEvent.CompletionRecorded e => state with { Records = records with { Completed = AttemptNo.Max(records.Completed, e.Attempt) } },
            SourceEvent.RefusalStored e => state with { Records = records with { Refused = AttemptNo.Max(records.Refused, e.Attempt) }, Answer = RegisterAnswer.Refused },
            SourceEvent.ForeignRunSeen e => state with { Records = records with { ForeignRun = AttemptNo.Max(records.ForeignRun, e.Attempt) } },
            SourceEvent.KeptByWord e => state with { Records = records with { KeptByWord = AttemptNo.Max(records.KeptByWord, e.Attempt) } },
            SourceEvent.Overruled e => state with { Records = records with { Overruled = AttemptNo.Max(records.Overruled, e.Attempt) } },
            SourceEvent.Viewed e => state with { View = e.View },

            // What was seen before is worthless now: the next view must come from after the command.
            SourceEvent.MigrateWasIssued e => state with { Issued = AttemptNo.Max(state.Issued, e.Attempt), View = null },
            SourceEvent.SwitchoverContinued => state with { Continued = true, View = null },
            SourceEvent.StreamYanked => state with { Yanked = true, View = null },
            SourceEvent.CancelNoted => state with { CancelWanted = true },

            // A deadline that passes again after a yank that changed nothing asks for another one.
            SourceEvent.DeadlineNoted => state with { DeadlinePassed = true, Yanked = false },
            SourceEvent.EndNoted => state with { EndWanted = true },
            SourceEvent.AnswerNoted e => state with { Answer = e.Answer },
            _ => throw new InvalidOperationException($"unknown event {happened}"),
        };
    }

    public static EquatableList<SourceEffect> Effects(SourceHandoff state)
    {
        List<SourceEffect> effects = [];
        AttemptNo attempt = state.Attempt;
        LaunchId launch = state.Records.Launch;
        switch (state.Stage)
        {
            case SourceStage.NotObserved:
                effects.Add(new SourceEffect.Observe());

                // A monitor that answers nothing (in `device` the main lock is held) must not freeze the guest for ever: a broken stream is a fault that every state survives.
                if (state.DeadlinePassed && !state.Yanked && attempt != AttemptNo.None && state.Issued >= attempt)
                {
                    effects.Add(new SourceEffect.YankStream(attempt));
                }

                break;
            case SourceStage.Copying when state.Issued < attempt:
                effects.Add(new SourceEffect.IssueMigrate(attempt));
                break;
            case SourceStage.Copying when (state.CancelWanted || state.View is { HasShutDown: true }) && state.View?.Status != MigrationStatus.Cancelling:
                effects.Add(new SourceEffect.CancelMigrate(attempt));
                break;
            case SourceStage.Switching when state.View?.Status == MigrationStatus.PreSwitchover && !state.Continued:
                effects.Add(state.CancelWanted || state.DeadlinePassed ? new SourceEffect.CancelMigrate(attempt) : new SourceEffect.ContinueSwitchover(attempt));
                break;
            case SourceStage.Switching when state.DeadlinePassed && !state.Yanked:
                effects.Add(new SourceEffect.YankStream(attempt));
                break;
            case SourceStage.Switching when state.View?.Status == MigrationStatus.PreSwitchover:
                // Sent, and yet still here: lost together with its connection, or the yanked stream waits to be found broken. It is a compare-and-set, so sending it again is harmless.
                effects.Add(new SourceEffect.ContinueSwitchover(attempt));
                break;
            case SourceStage.HandedOver:
                AddHandedOver(state, effects);
                break;
            case SourceStage.Gone when attempt != AttemptNo.None && state.View?.Launch == launch && state.Records.Completed >= attempt && MayRelease(state):
                effects.Add(Send(new SourceMessage.Released(attempt, state.Records.DestinationStore, state.Records.GuestWasRunning)));
                break;
            case SourceStage.Resuming:
                effects.Add(new SourceEffect.ContinueGuest(launch));
                break;
            case SourceStage.Stranded:
                // Refused first, then continued: the copy at the destination may have loaded although this side gave up (a lost acknowledgement).
                effects.Add(state.MayKeepGuest ? new SourceEffect.ContinueGuest(launch) : Refuse(state));
                break;
            case SourceStage.Overruled:
                effects.Add(new SourceEffect.EndQemu(launch));
                break;
            case SourceStage.ForeignRun:
                effects.Add(new SourceEffect.StopForeignRun(launch));
                break;
            default:
                break;
        }

        return effects.ToEquatableList();
    }

    private static void AddHandedOver(SourceHandoff state, List<SourceEffect> effects)
    {
        if (state.EndWanted)
        {
            effects.Add(new SourceEffect.EndQemu(state.Records.Launch));
            return;
        }

        if (state.Records.Completed < state.Attempt)
        {
            effects.Add(new SourceEffect.RecordCompletion(state.Attempt));
        }

        if (state.Answer == RegisterAnswer.Running)
        {
            return;
        }

        // Decided for the destination: asking goes on until its guest runs, because the agent that set `run` may still withdraw it when `cont` fails.
        bool releases = state.Answer == RegisterAnswer.Run || MayRelease(state);
        effects.Add(releases
            ? Send(new SourceMessage.Released(state.Attempt, state.Records.DestinationStore, state.Records.GuestWasRunning))
            : Refuse(state));
    }

    private static bool MayRelease(SourceHandoff state) => !state.WantsRefusal;

    private static SourceEffect Refuse(SourceHandoff state) => Send(new SourceMessage.Refuse(state.Attempt, state.Records.DestinationStore));

    private static SourceEffect Send(SourceMessage message) => new SourceEffect.SendToDestination(message);

    private static Decision<CommandReply, SourceEvent> DecideStart(SourceHandoff state, SourceInput.Start start)
    {
        if (start.Attempt <= state.Records.Tombstone)
        {
            return Reject($"attempt {start.Attempt} was cancelled before it began");
        }

        if (start.Attempt <= state.Attempt)
        {
            return start.Attempt == state.Attempt ? Accept() : Reject($"attempt {start.Attempt} is over: attempt {state.Attempt} has been started");
        }

        return state.Stage switch
        {
            SourceStage.NotObserved => new(CommandReply.NotYet("the source QEMU has not been observed yet"), []),

            // QEMU would refuse `migrate`, and a `completed` of the earlier attempt would be taken for this one's (found by the simulator).
            SourceStage.Home when state.View is { Run: RunState.PostMigrate } =>
                Reject("the guest stands still since an earlier migration, and QEMU does not migrate it like that: let it run ('cont', then 'stop' if it is to stay paused), or stop and start the VM"),
            SourceStage.Home => Accept(new SourceEvent.AttemptStarted(start.Attempt, state.View!.Value.Launch, start.DestinationStore, state.View.Value.GuestRuns)),
            SourceStage.Gone => Reject("the source QEMU is gone"),
            _ => Reject($"attempt {state.Attempt} is not over yet: the source is {state.Stage}"),
        };
    }

    private static Decision<CommandReply, SourceEvent> DecideCancel(SourceHandoff state, SourceInput.Cancel cancel)
    {
        if (cancel.Attempt > state.Attempt)
        {
            return cancel.Attempt <= state.Records.Tombstone ? Accept() : Accept(new SourceEvent.Tombstoned(cancel.Attempt));
        }

        return cancel.Attempt == state.Attempt && !state.CancelWanted ? Accept(new SourceEvent.CancelNoted()) : Accept();
    }

    private static Decision<CommandReply, SourceEvent> DecideEnd(SourceHandoff state, SourceInput.EndSource end)
    {
        if (state.Attempt != end.Attempt || state.Records.Launch != end.Launch)
        {
            return Reject($"launch {end.Launch} of attempt {end.Attempt} is not the source of the newest attempt {state.Attempt}");
        }

        return state.Stage switch
        {
            SourceStage.NotObserved => new(CommandReply.NotYet("the source QEMU has not been observed yet"), []),
            SourceStage.Gone => Accept(),
            SourceStage.HandedOver when state.Records.Refused < state.Attempt => state.EndWanted ? Accept() : Accept(new SourceEvent.EndNoted()),

            // It passes by itself; a rejection would be kept in the step log, and the source would stand there for ever (found by the simulator).
            SourceStage.ForeignRun => new(CommandReply.NotYet("somebody continued the source; it is stopped first"), []),
            _ => Reject($"the source is {state.Stage}; only a handed-over source is ended"),
        };
    }

    private static Decision<CommandReply, SourceEvent> DecideKeepByWord(SourceHandoff state, SourceInput.KeepByWord keep)
    {
        if (state.Attempt != keep.Attempt || state.Records.Launch != keep.Launch)
        {
            return Reject($"no longer possible: the newest attempt here is {state.Attempt} of launch {state.Records.Launch}");
        }

        if (state.Records.Overruled >= keep.Attempt || state.EndWanted)
        {
            return Reject("no longer possible: this copy is being ended");
        }

        if (state.MayKeepGuest)
        {
            return Accept();
        }

        return state.Stage switch
        {
            SourceStage.NotObserved => new(CommandReply.NotYet("the source QEMU has not been observed yet"), []),
            SourceStage.HandedOver or SourceStage.Stranded when state.Answer == RegisterAnswer.Running =>
                Reject("no longer possible: the register has answered that the guest runs at the destination"),
            SourceStage.HandedOver or SourceStage.Stranded => Accept(new SourceEvent.KeptByWord(keep.Attempt)),
            SourceStage.Gone => Reject("no longer possible: the source QEMU is gone"),
            _ => Reject($"no longer possible: the source is {state.Stage}; only one that stands still without an answer is continued by a person's word"),
        };
    }

    private static Decision<CommandReply, SourceEvent> DecideGiveUp(SourceHandoff state, SourceInput.GiveUp giveUp)
    {
        if (state.Attempt != giveUp.Attempt || state.Records.Launch != giveUp.Launch)
        {
            return Reject($"no longer possible: the newest attempt here is {state.Attempt} of launch {state.Records.Launch}");
        }

        return state.Stage switch
        {
            SourceStage.NotObserved => new(CommandReply.NotYet("the source QEMU has not been observed yet"), []),
            SourceStage.HandedOver when state.Answer != RegisterAnswer.Running => Accept(new SourceEvent.Overruled(giveUp.Attempt)),
            SourceStage.Overruled or SourceStage.Gone => Accept(),
            _ => Reject($"no longer possible: the source is {state.Stage}; only one that stands still after its completed migration is given up by a person's word"),
        };
    }

    private static Decision<CommandReply, SourceEvent> DecideOverrule(SourceHandoff state, SourceInput.Overrule overrule)
    {
        if (state.Attempt != overrule.Attempt || state.Records.Launch != overrule.Launch)
        {
            return Reject($"launch {overrule.Launch} of attempt {overrule.Attempt} is not the source of the newest attempt {state.Attempt}");
        }

        return state.Records.KeptByWord >= overrule.Attempt ? Reject("the guest goes on here by a person's recorded word")
            : state.Records.Overruled >= overrule.Attempt ? Accept()
            : Accept(new SourceEvent.Overruled(overrule.Attempt));
    }

    private static Decision<CommandReply, SourceEvent> DecideObserved(SourceHandoff state, QemuView view)
    {
        if (state.View == view)
        {
            return Accept();
        }

        SourceHandoff seen = state with { View = view };
        return seen.Stage == SourceStage.ForeignRun && state.Records.ForeignRun < state.Attempt
            ? Accept(new SourceEvent.ForeignRunSeen(state.Attempt), new SourceEvent.Viewed(view))
            : Accept(new SourceEvent.Viewed(view));
    }

    private static Decision<CommandReply, SourceEvent> DecideAnswered(SourceHandoff state, RegisterReply reply)
    {
        if (reply.Attempt != state.Attempt || state.MayKeepGuest || reply.Answer == state.Answer)
        {
            return Accept();
        }

        return reply.Answer switch
        {
            RegisterAnswer.Refused => Accept(new SourceEvent.RefusalStored(reply.Attempt)),

            // Answers may overtake each other. What was decided is not undone by an older, weaker answer; `Refused` above is final either way.
            RegisterAnswer.Undecided or RegisterAnswer.GateClosed or RegisterAnswer.Unknown when state.Answer is RegisterAnswer.Run or RegisterAnswer.Running => Accept(),
            RegisterAnswer.Undecided when state.Answer == RegisterAnswer.GateClosed => Accept(),
            RegisterAnswer.Run when state.Answer == RegisterAnswer.Running => Accept(),
            _ => Accept(new SourceEvent.AnswerNoted(reply.Answer)),
        };
    }

    private static SourceHandoff Begin(SourceHandoff state, SourceEvent.AttemptStarted e)
    {
        if (e.Attempt <= state.Records.Started || e.Attempt <= state.Records.Tombstone)
        {
            throw new InvalidOperationException($"attempt {e.Attempt} cannot start after attempt {state.Records.Started}, tombstone {state.Records.Tombstone}");
        }

        // Everything volatile belongs to the attempt before, except the view: `migrate` has not been issued yet, QEMU is as it was.
        return new SourceHandoff
        {
            Records = state.Records with { Started = e.Attempt, Launch = e.Launch, DestinationStore = e.DestinationStore, GuestWasRunning = e.GuestWasRunning },
            View = state.View,
            Issued = state.Issued,
        };
    }

    private static Decision<CommandReply, SourceEvent> Happened(bool isNews, SourceEvent happened) => isNews ? Accept(happened) : Accept();

    private static Decision<CommandReply, SourceEvent> Accept(params ReadOnlySpan<SourceEvent> events) => new(CommandReply.Accepted, EquatableList.Create(events));

    private static Decision<CommandReply, SourceEvent> Reject(string reason) => new(CommandReply.Rejected(reason), []);
}
