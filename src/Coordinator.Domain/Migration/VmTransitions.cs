namespace Coordinator.Domain.Migration;

/// <summary>
/// Folds events into the entity's state. Total: an event that cannot have happened is an error, which stops this one entity, safely, and not the node.
/// </summary>
public static class VmTransitions
{
    public static VmEntity Apply(VmEntity entity, VmEvent happened)
    {
        VmState next = Apply(entity.State, happened);
        return happened switch
        {
            // What was reported to an older incarnation, or judged for an older attempt, is no evidence for the new one.
            VmEvent.IncarnationStarted => new VmEntity(next) { Hold = entity.Hold, Queued = entity.Queued, Ahead = entity.Ahead },
            VmEvent.ResidenceCorrected => entity with { State = next, Ahead = [] },
            VmEvent.HostProvenOff e => entity with { State = next, Reports = entity.Reports.Where(r => r.Host != e.Host).ToEquatableList() },
            VmEvent.AttemptOpened => entity with { State = next, QueuesReadyFor = AttemptNo.None, FoldedVerdict = null },
            _ => entity with { State = next },
        };
    }

    public static VmState Apply(VmState state, VmEvent happened) => happened switch
    {
        VmEvent.IncarnationStarted e => e.Epoch > state.Epoch
            ? state with { Epoch = e.Epoch, Incarnation = e.Incarnation }
            : throw Impossible(state, happened),
        VmEvent.VmStartOrdered e => state.Residence.Kind == ResidenceKind.Absent
            ? state with { Residence = new Residence(ResidenceKind.Starting, e.Host, e.Launch), DefinitionYaml = e.DefinitionYaml, LastStart = e.Request }
            : throw Impossible(state, happened),
        VmEvent.VmResident e => state with { Residence = new Residence(ResidenceKind.Resident, e.Host, e.Launch) },
        VmEvent.ResidenceCorrected e => state.IsMigrating
            ? throw Impossible(state, happened)
            : state with { Residence = new Residence(ResidenceKind.Resident, e.Host, e.Launch), LastAttempt = AttemptNo.Max(state.LastAttempt, e.Attempt) },
        VmEvent.VmStopOrdered => state with { Residence = state.Residence with { Kind = ResidenceKind.Stopping } },
        VmEvent.VmGone => state with { Residence = Residence.Absent },
        VmEvent.MigrationRequested e => Request(state, e),
        VmEvent.MigrationScheduled => Move(state, happened, MigrationPhase.Scheduling, m => m with { Authorized = false, Prepared = false, Rehearsed = false, TimedOut = false }),
        VmEvent.AttemptOpened e => Open(state, e),
        VmEvent.DestinationPrepared e => Change(state, happened, e.Attempt, m => m with { Prepared = true, DestinationStore = e.Store }),
        VmEvent.RehearsalCompleted e => Change(state, happened, e.Attempt, m => m with { Rehearsed = true }),
        VmEvent.SwitchoverAuthorized => Move(state, happened, MigrationPhase.Iterating, m => m with { Authorized = true }),
        VmEvent.CancelRequested e => Answered(Change(state, happened, state.Migration?.Attempt ?? default, m => m with { CancelRequested = true }), e.Request),
        VmEvent.PhaseTimedOut => Change(state, happened, state.Migration?.Attempt ?? default, m => m with { TimedOut = true }),
        VmEvent.StartRefused e => Change(state, happened, e.Attempt, m => m with { StartRefusal = e.Reason }),
        VmEvent.SwitchoverEntered => Move(state, happened, MigrationPhase.Switchover, m => m),
        VmEvent.GateRefused e => Change(state, happened, e.Attempt, m => Refuse(m with { GateFindings = e.Findings })),
        VmEvent.GuestRunsAtDestination => HandOver(state, happened),
        VmEvent.QueuesJudged e => Change(state, happened, e.Attempt, m => m with { QueuesJudged = true }),
        VmEvent.VerdictReached e => Move(state, happened, MigrationPhase.Finishing, m => m with { Verdict = e.Verdict }),
        VmEvent.AttemptEnded e => EndAttempt(state, e),
        VmEvent.DebtSettled e => state with { Owed = state.Owed.Where(o => o.Host != e.Host || o.Attempt != e.Attempt).ToEquatableList() },
        VmEvent.HostProvenOff e => Answered(Change(state, happened, e.Attempt, m => m with { ProvenOff = m.ProvenOff.Contains(e.Host) ? m.ProvenOff : m.ProvenOff.Add(e.Host) }), e.Request),
        VmEvent.DoubtResolved e => state.Migration is { Phase: MigrationPhase.InDoubt, Resolution: null }
            ? Answered(Change(state, happened, e.Attempt, m => m with { Resolution = e.Resolution }), e.Request)
            : throw Impossible(state, happened),
        VmEvent.ResolutionFailed e => Change(state, happened, e.Attempt, m => m with { Resolution = null, Reason = $"{m.Reason}; {e.Reason}" }),
        VmEvent.ForeignRunReported e => state.Migration is { } ran && ran.Attempt == e.Attempt
            ? state with { Migration = ran with { ForeignRuns = ran.ForeignRuns.Add(e.Host) } }
            : throw Impossible(state, happened),
        VmEvent.DoubtRaised e => Move(state, happened, MigrationPhase.InDoubt, m => m with { Reason = e.Evidence }),
        VmEvent.GuestLost e => Lose(state, happened, e),
        VmEvent.MigrationEnded e => Move(state, happened, e.Phase, m => m with { Reason = e.Reason.Length > 0 ? e.Reason : m.Reason }),

        // For the record only: they stand in the timeline and change no decision.
        VmEvent.IterationCompleted or VmEvent.BlackoutMeasured => state,
        _ => throw new InvalidOperationException($"unknown event {happened}"),
    };

    private static VmState Request(VmState state, VmEvent.MigrationRequested e)
    {
        if (state.IsMigrating || state.Residence is not { Kind: ResidenceKind.Resident } || state.Residence.Host != e.Source)
        {
            throw Impossible(state, e);
        }

        return Answered(state with { Migration = new MigrationState(e.Id, e.Source, e.SourceLaunch, e.Destination, e.Policy) }, e.Request);
    }

    private static VmState Answered(VmState state, RequestId request)
    {
        EquatableList<AnsweredRequest> kept = state.Requests.Count >= VmState.MaxRequests ? state.Requests.Skip(1).ToEquatableList() : state.Requests;
        return state with { Requests = kept.Add(new AnsweredRequest(request, state.Migration!.Id)) };
    }

    private static VmState Open(VmState state, VmEvent.AttemptOpened e)
    {
        if (e.Attempt <= state.LastAttempt)
        {
            throw Impossible(state, e);
        }

        // A word and a refused start end the migration with their attempt, and a time-out is forgotten when the next one is scheduled: none of them is ever here.
        VmState moved = Move(state, e, MigrationPhase.PreparingDestination, m => m with
        {
            Attempt = e.Attempt,
            AttemptsMade = m.AttemptsMade + 1,
            DestinationLaunch = e.Launch,
            DestinationStore = StoreInstanceId.None,
            ProvenOff = [],
            ForeignRuns = [],
            MayRetry = false,
            GateFindings = [],
            QueuesJudged = false,
            Verdict = null,
        });
        return moved with { LastAttempt = e.Attempt };
    }

    private static VmState HandOver(VmState state, VmEvent happened)
    {
        VmState moved = Move(state, happened, MigrationPhase.Verifying, m => m);
        MigrationState m = moved.Migration!;
        return moved with
        {
            Residence = new Residence(ResidenceKind.Resident, m.Destination, m.DestinationLaunch),
            Owed = moved.Owed.Add(m.Resolution is null ? new Owed.EndSource(m.Source, m.Attempt, m.SourceLaunch) : GivenUpSource(m)),
        };
    }

    private static MigrationState Refuse(MigrationState m) => m with
    {
        Verdict = Virtqueues.MigrationVerdict.Refused,
        Reason = m.Phase == MigrationPhase.RollingBack ? m.GateRefusal : m.Reason,
    };

    private static VmState EndAttempt(VmState state, VmEvent.AttemptEnded e)
    {
        VmState moved = Move(state, e, MigrationPhase.RollingBack, m => m with
        {
            Reason = e.Reason,
            MayRetry = e.MayRetry,
        });
        MigrationState m = moved.Migration!;
        return moved with { Owed = moved.Owed.Add(m.Resolution is null ? new Owed.CleanUp(m.Destination, e.Attempt) : GivenUpDestination(m)) };
    }

    private static Owed.EndOverruled GivenUpSource(MigrationState m) => new(m.Source, m.Attempt, m.SourceLaunch);

    private static Owed.EndOverruled GivenUpDestination(MigrationState m) => new(m.Destination, m.Attempt, m.DestinationLaunch);

    private static VmState Lose(VmState state, VmEvent happened, VmEvent.GuestLost e)
    {
        VmState moved = Move(state, happened, MigrationPhase.Lost, m => m with { Reason = e.Evidence });
        MigrationState m = moved.Migration!;
        EquatableList<Owed> owed = m.Resolution is null
            ? moved.Owed.Add(new Owed.CleanUp(m.Destination, e.Attempt))
            : moved.Owed.Add(GivenUpSource(m)).Add(GivenUpDestination(m));
        return moved with { Residence = Residence.Absent, Owed = owed };
    }

    private static VmState Change(VmState state, VmEvent happened, AttemptNo attempt, Func<MigrationState, MigrationState> change) =>
        state.Migration is { } m && m.Attempt == attempt && !m.Phase.IsTerminal() ? state with { Migration = change(m) } : throw Impossible(state, happened);

    private static VmState Move(VmState state, VmEvent happened, MigrationPhase phase, Func<MigrationState, MigrationState> change) =>
        state.Migration is { } m && phase.MayFollow(m.Phase) ? state with { Migration = change(m) with { Phase = phase } } : throw Impossible(state, happened);

    private static InvalidOperationException Impossible(VmState state, VmEvent happened) =>
        new($"{happened} cannot follow: residence {state.Residence}, migration {state.Migration?.Phase.ToString() ?? "none"}, "
            + $"attempt {state.LastAttempt}, epoch {state.Epoch}");
}
