using Coordinator.Domain.QemuModel;

namespace Coordinator.Domain.Handoff;

/// <summary>Decide, Apply and Effects of the destination's part and its decision register. Pure.</summary>
public static class DestinationDecisions
{
    public static Decision<DestinationReply, DestinationEvent> Decide(DestinationHandoff state, DestinationInput input) => input switch
    {
        DestinationInput.Prepare prepare => DecidePrepare(state, prepare),
        DestinationInput.CleanUp cleanUp => DecideCleanUp(state, cleanUp.Attempt),
        DestinationInput.Abandon abandon => DecideAbandon(state, abandon.Attempt),
        DestinationInput.RunByWord run => DecideRunByWord(state, run),
        DestinationInput.Overrule overrule => DecideOverrule(state, overrule),
        DestinationInput.FromSource from => DecideMessage(state, from),
        DestinationInput.LaunchIssued issued => Happened(state, issued.Attempt, new DestinationEvent.WasLaunched(issued.Attempt)),
        DestinationInput.Observed seen => DecideObserved(state, seen.View),
        DestinationInput.GateJudged judged => DecideGate(state, judged),
        DestinationInput.ContinueSending sending => Happened(state, sending.Attempt, new DestinationEvent.ContinueWasSent(sending.Attempt)),
        DestinationInput.ContinueRefused refused => DecideContinueRefused(state, refused.Attempt),
        _ => throw new InvalidOperationException($"unknown input {input}"),
    };

    public static DestinationHandoff Apply(DestinationHandoff state, DestinationEvent happened)
    {
        DestinationRecords records = state.Records;
        return happened switch
        {
            DestinationEvent.RegisterOpened e => Open(state, e),
            DestinationEvent.RunSet e => SetRun(state, e),
            DestinationEvent.RefusedSet e => state with { Records = Refuse(records, e.Attempt) },
            DestinationEvent.WithdrawalBegun e => state with { Records = records with { Withdrawing = e.Attempt } },
            DestinationEvent.RunWithdrawn e => state with { Records = Withdraw(records, e.Attempt) },
            DestinationEvent.RunningRecorded e => state with { Records = records with { Running = AttemptNo.Max(records.Running, e.Attempt) } },
            DestinationEvent.Overruled e => state with { Records = records with { Overruled = AttemptNo.Max(records.Overruled, e.Attempt) } },
            DestinationEvent.Viewed e => state with { View = e.View },
            DestinationEvent.WasLaunched => state with { Launched = true, View = null },
            DestinationEvent.ReleasedSeen e => state with { ReleasedNoted = true, ReleasedGuestWasRunning = e.GuestWasRunning },
            DestinationEvent.RefusalSeen => state with { RefusalNoted = true },
            DestinationEvent.AbandonNoted => state with { Abandoned = true, View = null },
            DestinationEvent.GateWasJudged e => state with { Gate = e.IsOpen ? GateState.Open : GateState.Closed },
            DestinationEvent.ContinueWasSent => state with { ContinueSent = true, ContinueFailed = false, View = null },
            DestinationEvent.ContinueWasRefused => state with { ContinueFailed = true, View = null },
            DestinationEvent.ForeignRunSeen => state with { ForeignRun = true },
            _ => throw new InvalidOperationException($"unknown event {happened}"),
        };
    }

    public static EquatableList<DestinationEffect> Effects(DestinationHandoff state)
    {
        DestinationRecords records = state.Records;
        DestinationEffect? effect = state.Stage switch
        {
            DestinationStage.NotObserved => new DestinationEffect.Observe(),

            // The next attempt may come only when the process of this one is known to be gone; a later life of the agent knows nothing of it before it looks (found by `coordctl chaos run`).
            DestinationStage.Running when state.View is null => new DestinationEffect.Observe(),
            DestinationStage.Receiving when state.PreparedInThisLife && !state.Launched => new DestinationEffect.LaunchIncoming(records.Attempt, records.Launch),
            DestinationStage.Receiving when state.View is { GuestRuns: true } => new DestinationEffect.StopForeignRun(records.Launch),
            DestinationStage.Loaded when state.ReleasedNoted && state.Gate == GateState.NotJudged && !state.ForeignRun => new DestinationEffect.JudgeGate(records.Attempt),
            DestinationStage.Granted when state.IsWithdrawing => new DestinationEffect.EndQemu(records.Launch),
            DestinationStage.Granted when state.View is { IsLoaded: true } && records.GuestWasRunning => new DestinationEffect.ContinueGuest(records.Attempt),
            DestinationStage.Refusing => new DestinationEffect.EndQemu(records.Launch),
            _ => null,
        };

        return effect is null ? [] : [effect];
    }

    private static Decision<DestinationReply, DestinationEvent> DecidePrepare(DestinationHandoff state, DestinationInput.Prepare prepare)
    {
        DestinationRecords records = state.Records;
        if (prepare.Attempt == records.Attempt)
        {
            // Refused since: its QEMU never came up, or died with the agent that had prepared it. The report says so and leaves the coordinator the attempts that remain; a rejection would
            // end the whole migration (found by the simulator).
            return records.Launch == prepare.Launch && records.Register != RegisterValue.Run
                ? Accept()
                : Reject($"attempt {prepare.Attempt} is already decided here, or was prepared with launch {records.Launch}");
        }

        if (prepare.Attempt <= records.RefusedUpTo || prepare.Attempt < records.Attempt)
        {
            return Reject($"attempt {prepare.Attempt} is over here: newest {records.Attempt}, refused up to {records.RefusedUpTo}");
        }

        return state.Stage switch
        {
            DestinationStage.NotPrepared => Accept(new DestinationEvent.RegisterOpened(prepare.Attempt, prepare.Launch)),
            DestinationStage.Refused => Accept(new DestinationEvent.RegisterOpened(prepare.Attempt, prepare.Launch)),
            DestinationStage.Running when state.View is { Alive: false } => Accept(new DestinationEvent.RegisterOpened(prepare.Attempt, prepare.Launch)),
            DestinationStage.NotObserved => NotYet($"the QEMU of attempt {records.Attempt} has not been observed yet"),
            DestinationStage.Running when state.View is null => NotYet($"the QEMU of attempt {records.Attempt} has not been observed yet"),
            DestinationStage.Running => Reject($"this host still has the QEMU of attempt {records.Attempt}"),
            _ => Reject($"attempt {records.Attempt} is not over here: {state.Stage}"),
        };
    }

    private static Decision<DestinationReply, DestinationEvent> DecideCleanUp(DestinationHandoff state, AttemptNo attempt)
    {
        DestinationRecords records = state.Records;
        if (records.Runs.Contains(attempt))
        {
            return Reject($"the register of attempt {attempt} says run: its guest is not cleaned up");
        }

        if (attempt > records.RefusedUpTo)
        {
            return Accept(new DestinationEvent.RefusedSet(attempt));
        }

        return Accept();
    }

    private static Decision<DestinationReply, DestinationEvent> DecideAbandon(DestinationHandoff state, AttemptNo attempt)
    {
        DestinationRecords records = state.Records;
        if (attempt != records.Attempt || records.Register != RegisterValue.Empty)
        {
            // Not the newest one, or decided: nothing is left to abandon.
            return Accept();
        }

        // Asked again until it is decided: what was noted does not survive this life. What was seen before the source died may be out of date.
        CommandReply looks = CommandReply.NotYet("whether a stream has come to the destination is looked at first");
        return !state.Abandoned && state.View is { AwaitsStream: true }
            ? new(DestinationReply.Of(looks), [new DestinationEvent.AbandonNoted(attempt)])
            : new(DestinationReply.Of(looks), []);
    }

    private static Decision<DestinationReply, DestinationEvent> DecideRunByWord(DestinationHandoff state, DestinationInput.RunByWord run)
    {
        DestinationRecords records = state.Records;
        if (records.Attempt != run.Attempt || records.Launch != run.Launch || records.Overruled >= run.Attempt)
        {
            return Reject($"no longer possible: the newest attempt here is {records.Attempt} of launch {records.Launch}");
        }

        if (records.Register == RegisterValue.Run)
        {
            return Accept();
        }

        bool staysStopped = state.View is { Run: RunState.PreLaunch or RunState.Shutdown };
        return state.Stage switch
        {
            DestinationStage.NotObserved => NotYet($"the QEMU of attempt {records.Attempt} has not been observed yet"),
            DestinationStage.Loaded when state.ForeignRun => Reject("no longer possible: somebody continued this copy, and it was stopped again"),
            DestinationStage.Loaded when state.Gate == GateState.Closed => Reject("no longer possible: the parity gate found this copy's rings to differ from the source's last ones"),
            DestinationStage.Loaded when staysStopped =>
                Accept(new DestinationEvent.RunSet(run.Attempt, GuestWasRunning: false), new DestinationEvent.RunningRecorded(run.Attempt)),
            DestinationStage.Loaded => Accept(new DestinationEvent.RunSet(run.Attempt, GuestWasRunning: true)),
            _ => Reject($"no longer possible: the copy is {state.Stage}; only a loaded, undecided one is continued by a person's word"),
        };
    }

    private static Decision<DestinationReply, DestinationEvent> DecideOverrule(DestinationHandoff state, DestinationInput.Overrule overrule)
    {
        DestinationRecords records = state.Records;
        if (records.Attempt != overrule.Attempt)
        {
            // Never known here, or followed by another attempt: nothing of it is left that this agent could end.
            return Accept();
        }

        if (records.Launch != overrule.Launch)
        {
            return Reject($"attempt {overrule.Attempt} was prepared here with launch {records.Launch}");
        }

        return (records.Overruled >= overrule.Attempt, records.Register) switch
        {
            (true, _) or (_, RegisterValue.Refused) => Accept(),
            (_, RegisterValue.Empty) => Accept(new DestinationEvent.RefusedSet(overrule.Attempt)),
            _ => Accept(new DestinationEvent.Overruled(overrule.Attempt)),
        };
    }

    private static Decision<DestinationReply, DestinationEvent> DecideMessage(DestinationHandoff state, DestinationInput.FromSource from)
    {
        SourceMessage message = from.Message;
        DestinationRecords records = state.Records;
        if (message.DestinationStore != from.OwnStore)
        {
            return Answer(message.Attempt, RegisterAnswer.Unknown);
        }

        if (message.Attempt != records.Attempt || records.Register != RegisterValue.Empty)
        {
            return Answer(message.Attempt, StoredAnswer(state, message.Attempt));
        }

        if (message is SourceMessage.Released released)
        {
            RegisterAnswer answer = state.Gate == GateState.Closed || state.ForeignRun ? RegisterAnswer.GateClosed : RegisterAnswer.Undecided;
            return state.ReleasedNoted
                ? Answer(message.Attempt, answer)
                : Answer(message.Attempt, answer, new DestinationEvent.ReleasedSeen(message.Attempt, released.GuestWasRunning));
        }

        // Released goes before Refuse when both are there: the source host may die before it resumes, and this is then the last copy. But only once: a gate that cannot be judged
        // (the QEMU here hangs) must not keep the guest standing still for ever, and a source that asks again is alive (a hole that chaos on real processes showed).
        bool aboutToRun = state.ReleasedNoted && state.Stage == DestinationStage.Loaded && state.Gate == GateState.NotJudged && !state.ForeignRun;
        return aboutToRun && !state.RefusalNoted
            ? Answer(message.Attempt, RegisterAnswer.Undecided, new DestinationEvent.RefusalSeen(message.Attempt))
            : Answer(message.Attempt, state.View is { Alive: false } ? RegisterAnswer.Refused : RegisterAnswer.Undecided, new DestinationEvent.RefusedSet(message.Attempt));
    }

    /// <summary>The answer for an attempt that is decided here, or not this register's newest one.</summary>
    private static RegisterAnswer StoredAnswer(DestinationHandoff state, AttemptNo attempt)
    {
        DestinationRecords records = state.Records;
        if (records.Runs.Contains(attempt))
        {
            // Also of an older attempt: one that was overruled by a person's word has been granted and never ran (found by the simulator, judged by the history's checkers).
            return records.Running < attempt ? RegisterAnswer.Run : RegisterAnswer.Running;
        }

        if (attempt > records.RefusedUpTo)
        {
            return RegisterAnswer.Unknown;
        }

        // `refused` is said only when the copy is proven dead: the source continues on it, and takes its image locks back.
        return attempt == records.Attempt && state.Stage != DestinationStage.Refused ? RegisterAnswer.Undecided : RegisterAnswer.Refused;
    }

    /// <summary>The life that set <c>run</c> takes it back at once: a later one could not know that no <c>cont</c> of its own can have worked.</summary>
    private static Decision<DestinationReply, DestinationEvent> DecideContinueRefused(DestinationHandoff state, AttemptNo attempt)
    {
        if (attempt != state.Records.Attempt)
        {
            return Accept();
        }

        DestinationEvent refused = new DestinationEvent.ContinueWasRefused(attempt);
        bool begins = !state.IsWithdrawing && (state with { ContinueFailed = true }).MayWithdraw;
        return begins ? Accept(refused, new DestinationEvent.WithdrawalBegun(attempt)) : Accept(refused);
    }

    private static Decision<DestinationReply, DestinationEvent> DecideObserved(DestinationHandoff state, QemuView view)
    {
        DestinationRecords records = state.Records;
        if (records.Attempt == AttemptNo.None || view.Launch != records.Launch)
        {
            return Accept();
        }

        List<DestinationEvent> events = [];
        if (state.View != view)
        {
            events.Add(new DestinationEvent.Viewed(view));
        }

        switch (records.Register)
        {
            case RegisterValue.Empty when !view.Alive && (state.Launched || !state.PreparedInThisLife):
                events.Add(new DestinationEvent.RefusedSet(records.Attempt));
                break;
            case RegisterValue.Empty when state.Abandoned && view.AwaitsStream:
                events.Add(new DestinationEvent.RefusedSet(records.Attempt));
                break;
            case RegisterValue.Empty when view.GuestRuns && !state.ForeignRun:
                events.Add(new DestinationEvent.ForeignRunSeen(records.Attempt));
                break;
            case RegisterValue.Run when !view.Alive && state.MayWithdraw:
                events.Add(new DestinationEvent.RunWithdrawn(records.Attempt));
                break;

            // Granted as it stands: there is nothing to continue, and nothing else would ever record that it is here now (found by the simulator: the store was full, or its agent was killed,
            // right after the register had said run).
            case RegisterValue.Run when view.IsLoaded && !records.GuestWasRunning && !state.IsWithdrawing && records.Overruled < records.Attempt && records.Running < records.Attempt:
                events.Add(new DestinationEvent.RunningRecorded(records.Attempt));
                break;

            // Not only `running`: a guest that stopped again by itself (I/O error, panic, shutdown) has run.
            case RegisterValue.Run when view.Alive && records.Overruled < records.Attempt && records.Running < records.Attempt && view.Run is not (RunState.InMigrate or RunState.Paused or RunState.PreLaunch):
                events.Add(new DestinationEvent.RunningRecorded(records.Attempt));
                break;
            default:
                break;
        }

        return new(DestinationReply.Of(CommandReply.Accepted), events.ToEquatableList());
    }

    private static Decision<DestinationReply, DestinationEvent> DecideGate(DestinationHandoff state, DestinationInput.GateJudged judged)
    {
        bool current = judged.Attempt == state.Records.Attempt && state.Stage == DestinationStage.Loaded && state.ReleasedNoted && state.Gate == GateState.NotJudged && !state.ForeignRun;
        if (!current)
        {
            return Accept();
        }

        if (!judged.IsOpen)
        {
            return Accept(new DestinationEvent.GateWasJudged(judged.Attempt, IsOpen: false));
        }

        // One that shut itself down before it was stopped is owned here as it is; `cont` would only be refused.
        bool continues = state.ReleasedGuestWasRunning && state.View is not { HasShutDown: true };
        DestinationEvent opened = new DestinationEvent.GateWasJudged(judged.Attempt, IsOpen: true);
        DestinationEvent run = new DestinationEvent.RunSet(judged.Attempt, continues);
        return continues
            ? Accept(opened, run)
            : Accept(opened, run, new DestinationEvent.RunningRecorded(judged.Attempt));
    }

    private static DestinationHandoff Open(DestinationHandoff state, DestinationEvent.RegisterOpened e)
    {
        if (e.Attempt <= state.Records.Attempt || e.Attempt <= state.Records.RefusedUpTo)
        {
            throw new InvalidOperationException($"attempt {e.Attempt} cannot be opened after {state.Records.Attempt}, refused up to {state.Records.RefusedUpTo}");
        }

        return new DestinationHandoff
        {
            Records = state.Records with { Attempt = e.Attempt, Launch = e.Launch, Register = RegisterValue.Empty, GuestWasRunning = true },
            PreparedInThisLife = true,
        };
    }

    private static DestinationHandoff SetRun(DestinationHandoff state, DestinationEvent.RunSet e)
    {
        DestinationRecords records = state.Records;
        if (e.Attempt != records.Attempt || records.Register != RegisterValue.Empty)
        {
            throw new InvalidOperationException($"the register of attempt {records.Attempt} is {records.Register}: run for attempt {e.Attempt} is impossible");
        }

        return state with
        {
            Records = records with { Register = RegisterValue.Run, GuestWasRunning = e.GuestWasRunning, Runs = records.Runs.Add(e.Attempt) },
            SetRunInThisLife = true,
        };
    }

    private static DestinationRecords Refuse(DestinationRecords records, AttemptNo attempt)
    {
        if (records.Runs.Contains(attempt))
        {
            throw new InvalidOperationException($"the register of attempt {attempt} says run: it cannot be refused");
        }

        bool coversNewest = records.Attempt != AttemptNo.None && attempt >= records.Attempt && records.Register == RegisterValue.Empty;
        return records with
        {
            RefusedUpTo = AttemptNo.Max(records.RefusedUpTo, attempt),
            Register = coversNewest ? RegisterValue.Refused : records.Register,
        };
    }

    private static DestinationRecords Withdraw(DestinationRecords records, AttemptNo attempt)
    {
        if (attempt != records.Attempt || records.Register != RegisterValue.Run || records.Running >= attempt)
        {
            throw new InvalidOperationException($"run of attempt {attempt} cannot be withdrawn: register {records.Register}, running {records.Running}");
        }

        return records with
        {
            Register = RegisterValue.Refused,
            RefusedUpTo = AttemptNo.Max(records.RefusedUpTo, attempt),
            Runs = records.Runs.Where(a => a != attempt).ToEquatableList(),
        };
    }

    private static Decision<DestinationReply, DestinationEvent> Happened(DestinationHandoff state, AttemptNo attempt, DestinationEvent happened) =>
        attempt == state.Records.Attempt ? Accept(happened) : Accept();

    private static Decision<DestinationReply, DestinationEvent> Accept(params ReadOnlySpan<DestinationEvent> events) =>
        new(DestinationReply.Of(CommandReply.Accepted), EquatableList.Create(events));

    private static Decision<DestinationReply, DestinationEvent> Reject(string reason) => new(DestinationReply.Of(CommandReply.Rejected(reason)), []);

    private static Decision<DestinationReply, DestinationEvent> NotYet(string reason) => new(DestinationReply.Of(CommandReply.NotYet(reason)), []);

    private static Decision<DestinationReply, DestinationEvent> Answer(AttemptNo attempt, RegisterAnswer answer, params ReadOnlySpan<DestinationEvent> events) =>
        new(DestinationReply.Of(attempt, answer), EquatableList.Create(events));
}
