using Coordinator.Domain.Handoff;
using Coordinator.Domain.QemuModel;
using Coordinator.Domain.Tests.Approved;
using Xunit;

namespace Coordinator.Domain.Tests.Handoff;

/// <summary>Both agents' decisions in thousands of states, reachable ones and others, against the approved ones.</summary>
public sealed class HandoffDecisionsApproved
{
    private const int States = 1_200;

    private static readonly LaunchId s_launch = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly LaunchId s_other = new(new Guid(2, 0, 0, new byte[8]));
    private static readonly StoreInstanceId s_store = new(new Guid(3, 0, 0, new byte[8]));

    [Fact]
    public void Source_EachInputInManyStates_IsDecidedAsApproved()
    {
        Draws draws = new(1);
        DecisionLog log = new();
        for (int i = 0; i < States; i++)
        {
            SourceHandoff state = Source(draws);
            log.Add($"effects {state.Stage}", () => SourceDecisions.Effects(state).ToString());
            log.Add($"facts {state.Stage}", () => $"{state.WantsRefusal} {state.HasCompleted} {state.MayKeepGuest} {state.AfterRestart()}");
            foreach (SourceInput input in Inputs(draws))
            {
                log.Add($"{input.GetType().Name} {state.Stage}", () =>
                {
                    Decision<CommandReply, SourceEvent> decision = SourceDecisions.Decide(state, input);
                    return $"{decision.Reply.Kind} {decision.Events} {decision.Events.Aggregate(state, SourceDecisions.Apply)}";
                });
            }
        }

        foreach (AttemptNo attempt in (AttemptNo[])[new(2), new(3), new(4)])
        {
            for (int i = 0; i < 40; i++)
            {
                SourceHandoff state = Source(draws);
                foreach (SourceEvent happened in SourceEvents(attempt))
                {
                    log.Add($"apply {happened.GetType().Name}", () => SourceDecisions.Apply(state, happened).ToString());
                }
            }
        }

        log.AssertApproved("source");
    }

    [Fact]
    public void Destination_EachInputInManyStates_IsDecidedAsApproved()
    {
        Draws draws = new(2);
        DecisionLog log = new();
        for (int i = 0; i < States; i++)
        {
            DestinationHandoff state = Destination(draws);
            log.Add($"effects {state.Stage}", () => DestinationDecisions.Effects(state).ToString());
            log.Add($"facts {state.Stage}", () => $"{state.MayWithdraw} {state.IsWithdrawing} {state.AfterRestart()}");
            foreach (DestinationInput input in DestinationInputs(draws))
            {
                log.Add($"{Name(input)} {state.Stage}", () =>
                {
                    Decision<DestinationReply, DestinationEvent> decision = DestinationDecisions.Decide(state, input);
                    return $"{decision.Reply.Command?.Kind} {decision.Reply.Register} {decision.Events} {decision.Events.Aggregate(state, DestinationDecisions.Apply)}";
                });
            }

            foreach (DestinationEvent happened in DestinationEvents())
            {
                log.Add($"apply {happened.GetType().Name} {state.Records.Register}", () => DestinationDecisions.Apply(state, happened).ToString());
            }
        }

        log.AssertApproved("destination");
    }

    [Fact]
    public void Floor_AgainstEveryNeighbour_AdmitsAsApproved()
    {
        DecisionLog log = new();
        IncarnationId[] incarnations = [new(new Guid(1, 0, 0, new byte[8])), new(new Guid(2, 0, 0, new byte[8]))];
        foreach (int epoch in (ReadOnlySpan<int>)[1, 2, 3])
        {
            foreach (IncarnationId incarnation in incarnations)
            {
                CommandFloor floor = new(new Epoch(2), incarnations[0]);
                log.Add($"admits {epoch} {incarnation}", () => floor.Admits(new Epoch(epoch), incarnation).ToString());
                log.Add($"raise {epoch} {incarnation}", () => floor.Raise(new Epoch(epoch), incarnation).ToString());
            }
        }

        log.AssertApproved("floor");
    }

    private static AttemptNo Attempt(Draws draws) => new(draws.Of(1, 2, 3, 3, 3, 4));

    private static QemuView? View(Draws draws) => draws.Below(8) switch
    {
        0 => null,
        1 => QemuView.Gone(s_launch),
        2 => QemuView.Gone(s_other),
        _ => SomeView(draws),
    };

    private static QemuView SomeView(Draws draws) => new(
        draws.Below(8) == 0 ? s_other : s_launch, Alive: true,
        draws.Of(RunState.Running, RunState.Running, RunState.Paused, RunState.PreLaunch, RunState.InMigrate, RunState.PostMigrate, RunState.FinishMigrate, RunState.Shutdown, RunState.IoError),
        draws.Of(
            MigrationStatus.None, MigrationStatus.Setup, MigrationStatus.Active, MigrationStatus.PreSwitchover, MigrationStatus.Device, MigrationStatus.Completed, MigrationStatus.Completed,
            MigrationStatus.Failed, MigrationStatus.Cancelling, MigrationStatus.Cancelled));

    private static SourceHandoff Source(Draws draws) => new()
    {
        Records = new SourceRecords
        {
            Started = new AttemptNo(draws.Of(0, 3, 3, 3, 3)),
            Launch = draws.Below(8) == 0 ? s_other : s_launch,
            DestinationStore = s_store,
            GuestWasRunning = draws.Below(4) != 0,
            Tombstone = new AttemptNo(draws.Of(0, 0, 2, 3, 4)),
            Completed = new AttemptNo(draws.Of(0, 2, 3)),
            Refused = new AttemptNo(draws.Of(0, 0, 2, 3)),
            ForeignRun = new AttemptNo(draws.Of(0, 0, 0, 2, 3)),
            KeptByWord = new AttemptNo(draws.Of(0, 0, 0, 2, 3)),
            Overruled = new AttemptNo(draws.Of(0, 0, 0, 0, 2, 3)),
        },
        View = View(draws),
        Issued = new AttemptNo(draws.Of(2, 3, 3, 3)),
        Continued = draws.Coin(),
        CancelWanted = draws.Below(3) == 0,
        DeadlinePassed = draws.Below(3) == 0,
        Yanked = draws.Coin(),
        Answer = draws.AnyOf<RegisterAnswer>(),
        EndWanted = draws.Below(4) == 0,
    };

    private static IEnumerable<SourceInput> Inputs(Draws draws)
    {
        AttemptNo attempt = Attempt(draws);
        LaunchId launch = draws.Below(5) == 0 ? s_other : s_launch;
        yield return new SourceInput.Start(attempt, s_store);
        yield return new SourceInput.Cancel(attempt);
        yield return new SourceInput.EndSource(attempt, launch);
        yield return new SourceInput.KeepByWord(attempt, launch);
        yield return new SourceInput.GiveUp(attempt, launch);
        yield return new SourceInput.Overrule(attempt, launch);
        yield return new SourceInput.Observed(SomeView(draws));
        yield return new SourceInput.Observed(QemuView.Gone(launch));
        yield return new SourceInput.MigrateIssued(attempt);
        yield return new SourceInput.ContinueIssued(attempt);
        yield return new SourceInput.YankIssued(attempt);
        yield return new SourceInput.RegisterAnswered(new RegisterReply(attempt, draws.AnyOf<RegisterAnswer>()));
        yield return new SourceInput.SwitchoverDeadlinePassed(attempt);
        yield return new SourceInput.CompletionStored(attempt);
    }

    private static IEnumerable<SourceEvent> SourceEvents(AttemptNo attempt)
    {
        yield return new SourceEvent.AttemptStarted(attempt, s_launch, s_store, GuestWasRunning: true);
        yield return new SourceEvent.Tombstoned(attempt);
        yield return new SourceEvent.CompletionRecorded(attempt);
        yield return new SourceEvent.RefusalStored(attempt);
        yield return new SourceEvent.ForeignRunSeen(attempt);
        yield return new SourceEvent.KeptByWord(attempt);
        yield return new SourceEvent.Overruled(attempt);
    }

    /// <summary>Undecided with a loaded copy is where most is decided.</summary>
    private static DestinationHandoff Destination(Draws draws)
    {
        DestinationHandoff any = AnyDestination(draws);
        return draws.Coin() ? any : any with
        {
            Records = any.Records with { Attempt = new AttemptNo(3), Launch = s_launch, Register = RegisterValue.Empty, Running = AttemptNo.None, RefusedUpTo = new AttemptNo(2), Runs = [], Overruled = AttemptNo.None },
            View = new QemuView(s_launch, Alive: true, draws.Of(RunState.Paused, RunState.Paused, RunState.PreLaunch), MigrationStatus.Completed),
        };
    }

    private static DestinationHandoff AnyDestination(Draws draws)
    {
        RegisterValue register = draws.AnyOf<RegisterValue>();
        return new DestinationHandoff
        {
            Records = new DestinationRecords
            {
                Attempt = new AttemptNo(draws.Of(0, 3, 3, 3, 3, 3)),
                Launch = draws.Below(8) == 0 ? s_other : s_launch,
                Register = register,
                GuestWasRunning = draws.Below(4) != 0,
                RefusedUpTo = new AttemptNo(register == RegisterValue.Refused ? draws.Of(3, 4) : draws.Of(0, 1, 2)),
                Running = new AttemptNo(draws.Of(0, 0, 2, 3)),
                Withdrawing = new AttemptNo(draws.Of(0, 0, 2, 3)),
                Overruled = new AttemptNo(draws.Of(0, 0, 0, 2, 3)),
                Runs = (register == RegisterValue.Run, draws.Coin()) switch
                {
                    (true, true) => [new AttemptNo(2), new AttemptNo(3)],
                    (true, false) => [new AttemptNo(3)],
                    (false, true) => [new AttemptNo(2)],
                    _ => [],
                },
            },
            View = View(draws),
            PreparedInThisLife = draws.Coin(),
            Launched = draws.Coin(),
            ReleasedNoted = draws.Coin(),
            ReleasedGuestWasRunning = draws.Coin(),
            Abandoned = draws.Below(4) == 0,
            Gate = draws.AnyOf<GateState>(),
            SetRunInThisLife = draws.Coin(),
            ContinueSent = draws.Coin(),
            ContinueFailed = draws.Coin(),
            ForeignRun = draws.Below(4) == 0,
        };
    }

    private static IEnumerable<DestinationInput> DestinationInputs(Draws draws)
    {
        AttemptNo attempt = Attempt(draws);
        LaunchId launch = draws.Below(5) == 0 ? s_other : s_launch;
        StoreInstanceId store = draws.Below(8) == 0 ? StoreInstanceId.None : s_store;
        yield return new DestinationInput.Prepare(attempt, launch);
        yield return new DestinationInput.CleanUp(attempt);
        yield return new DestinationInput.Abandon(attempt);
        yield return new DestinationInput.RunByWord(attempt, launch);
        yield return new DestinationInput.Overrule(attempt, launch);
        yield return new DestinationInput.FromSource(new SourceMessage.Released(attempt, store, draws.Coin()), s_store);
        yield return new DestinationInput.FromSource(new SourceMessage.Refuse(attempt, store), s_store);
        yield return new DestinationInput.LaunchIssued(attempt);
        yield return new DestinationInput.Observed(SomeView(draws));
        yield return new DestinationInput.Observed(QemuView.Gone(launch));
        yield return new DestinationInput.GateJudged(attempt, draws.Coin());
        yield return new DestinationInput.ContinueSending(attempt);
        yield return new DestinationInput.ContinueRefused(attempt);
    }

    /// <summary>Also such as no decision makes in that state: what cannot have happened is an error and not a silent change.</summary>
    private static IEnumerable<DestinationEvent> DestinationEvents()
    {
        foreach (AttemptNo attempt in (AttemptNo[])[new(2), new(3), new(4)])
        {
            yield return new DestinationEvent.RegisterOpened(attempt, s_launch);
            yield return new DestinationEvent.RunSet(attempt, GuestWasRunning: true);
            yield return new DestinationEvent.RefusedSet(attempt);
            yield return new DestinationEvent.WithdrawalBegun(attempt);
            yield return new DestinationEvent.RunWithdrawn(attempt);
            yield return new DestinationEvent.RunningRecorded(attempt);
            yield return new DestinationEvent.Overruled(attempt);
        }
    }

    private static string Name(DestinationInput input) => input is DestinationInput.FromSource from ? from.Message.GetType().Name : input.GetType().Name;
}
