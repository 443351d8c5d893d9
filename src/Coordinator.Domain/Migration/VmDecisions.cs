using Coordinator.Domain.Policies;

namespace Coordinator.Domain.Migration;

/// <summary>
/// The coordinator's part, pure. <see cref="Decide"/> answers commands; <see cref="VmProgress.Next"/> draws what follows from journal and reports;
/// <see cref="VmTransitions.Apply"/> folds; <see cref="VmEffects.Of"/> says what must be outstanding. None of them reads a clock: times stand in the
/// journal's envelope, and deadlines arrive as commands.
/// </summary>
public static class VmDecisions
{
    public static Handoff.Decision<VmReply, VmEvent> Decide(VmEntity entity, VmCommand command)
    {
        VmState state = entity.State;
        return command switch
        {
            VmCommand.Claim claim => Accept(new VmEvent.IncarnationStarted(claim.Incarnation, Epoch.Max(state.Epoch, claim.GreatestFloor).Next)),
            VmCommand.StartVm start => DecideStartVm(entity, start),
            VmCommand.StopVm stop => DecideStopVm(state, stop),
            VmCommand.LaunchRefused refused => When(
                state.Residence is { Kind: ResidenceKind.Starting } r && r.Launch == refused.Launch, new VmEvent.VmGone(refused.Reason)),
            VmCommand.Migrate migrate => DecideMigrate(entity, migrate),
            VmCommand.Cancel cancel => DecideCancel(state, cancel),
            VmCommand.RefusePreparation refused => When(
                Current(state, refused.Attempt) is { Phase: MigrationPhase.PreparingDestination },
                    new VmEvent.AttemptEnded(refused.Attempt, refused.Reason, MayRetry: false)),
            VmCommand.RefuseStart refused => When(
                Current(state, refused.Attempt) is { Phase: MigrationPhase.Iterating, WantsBack: false },
                    new VmEvent.StartRefused(refused.Attempt, refused.Reason)),
            VmCommand.NoteRehearsal rehearsal => DecideRehearsal(state, rehearsal),
            VmCommand.NoteIteration iteration => When(
                Current(state, iteration.Attempt) is
                { Phase: MigrationPhase.Iterating or MigrationPhase.Switchover or MigrationPhase.Verifying or MigrationPhase.Finishing },
                    new VmEvent.IterationCompleted(iteration.Attempt, iteration.Progress)),
            VmCommand.NoteBlackout blackout => When(
                Current(state, blackout.Attempt) is { Phase: MigrationPhase.Verifying or MigrationPhase.Finishing },
                    new VmEvent.BlackoutMeasured(blackout.Attempt, blackout.Blackout)),
            VmCommand.NoteJudgements judged => When(
                MayBeJudged(Current(state, judged.Attempt)),
                new VmEvent.QueuesJudged(judged.Attempt, judged.Judgements) { Activities = judged.Activities }),
            VmCommand.ProveHostOff off => DecideHostOff(state, off),
            VmCommand.Resolve resolve => DecideResolve(entity, resolve),
            VmCommand.RefuseResolution refused => When(
                Current(state, refused.Attempt) is { Phase: MigrationPhase.InDoubt, Resolution: not null }, new VmEvent.ResolutionFailed(refused.Attempt, refused.Reason)),
            VmCommand.DeadlinePassed passed => DecideDeadline(entity, passed),
            _ => throw new InvalidOperationException($"unknown command {command}"),
        };
    }

    /// <summary>For the verdict, or as evidence of why the gate refused.</summary>
    private static bool MayBeJudged(MigrationState? m) =>
        m is { Phase: MigrationPhase.Verifying } || (m is { Verdict: Virtqueues.MigrationVerdict.Refused, QueuesJudged: false } && !m.Phase.IsTerminal());

    private static MigrationState? Current(VmState state, AttemptNo attempt) => state.Migration is { } m && m.Attempt == attempt ? m : null;

    private static Handoff.Decision<VmReply, VmEvent> DecideStartVm(VmEntity entity, VmCommand.StartVm start)
    {
        VmState state = entity.State;
        if (state.Residence is { Kind: ResidenceKind.Starting or ResidenceKind.Resident } r && state.LastStart == start.Request)
        {
            return new(new VmReply(VmReplyKind.Accepted, $"already {(r.Kind == ResidenceKind.Starting ? "starting" : "running")} on {r.Host}"), []);
        }

        if (!start.HostIsKnown)
        {
            return Refuse(VmReplyKind.NotFound, UnknownHost(start.Host));
        }

        if (start.Cordon is { } cordon)
        {
            return Refuse(VmReplyKind.FailedPrecondition, cordon.Refusal);
        }

        if (state.IsMigrating)
        {
            return Refuse(VmReplyKind.FailedPrecondition, $"a migration of this VM is {state.Migration!.Phase}; a second copy is not started");
        }

        if (WhyUnknownCopy(entity) is { } copy)
        {
            return Refuse(VmReplyKind.FailedPrecondition, $"{copy}; a second copy is not started");
        }

        return state.Residence.Kind == ResidenceKind.Absent
            ? Accept(new VmEvent.VmStartOrdered(start.Request, start.Host, start.Launch, start.DefinitionYaml))
            : Refuse(
                VmReplyKind.FailedPrecondition,
                $"the VM is {state.Residence.Kind} on {state.Residence.Host}; a second copy is not started. Stop it first, or migrate it");
    }

    /// <summary>What the hosts know and this journal does not: it was restored from a backup.</summary>
    private static string? WhyUnknownCopy(VmEntity entity)
    {
        if (!entity.Ahead.IsEmpty)
        {
            return $"{string.Join(" and ", entity.Ahead)} know of migrations that this journal does not, so it was restored from a backup and the guest may be on another host; "
                + "it is found as soon as the host that has it is connected";
        }

        return entity.State.Residence.Kind == ResidenceKind.Absent && entity.Reports.FirstOrDefault(r => r.Guest is { Alive: true }) is { } alive
            ? $"a QEMU of this VM (launch {alive.Guest!.Value.Launch}) is on {alive.Host}, of which this journal knows nothing"
            : null;
    }

    private static Handoff.Decision<VmReply, VmEvent> DecideStopVm(VmState state, VmCommand.StopVm stop)
    {
        if (state.IsMigrating)
        {
            return Refuse(VmReplyKind.FailedPrecondition, "the VM is migrating: cancel the migration first, or wait for its end");
        }

        return state.Residence.Kind switch
        {
            ResidenceKind.Absent => Refuse(VmReplyKind.NotFound, "the VM is not running on any host"),
            ResidenceKind.Stopping => new(VmReply.Done, []),
            _ => Accept(new VmEvent.VmStopOrdered(stop.Request)),
        };
    }

    private static Handoff.Decision<VmReply, VmEvent> DecideMigrate(VmEntity entity, VmCommand.Migrate migrate)
    {
        VmState state = entity.State;
        if (state.Requests.FirstOrDefault(r => r.Request == migrate.Request) is { } answered)
        {
            return new(new VmReply(VmReplyKind.Accepted, "this request was accepted before", answered.Migration), []);
        }

        if (entity.Hold is { } hold)
        {
            return Refuse(VmReplyKind.FailedPrecondition, hold.Refusal);
        }

        if (state.Residence is not { Kind: ResidenceKind.Resident, Host: { } source })
        {
            return state.Residence.Kind == ResidenceKind.Absent
                ? Refuse(VmReplyKind.NotFound, "no such VM is running; start it with 'coordctl vm start' or adopt it first")
                : Refuse(VmReplyKind.FailedPrecondition, $"the VM is {state.Residence.Kind} on {state.Residence.Host}; only a resident VM can be migrated");
        }

        if (!state.IsMigrating && WhyUnknownCopy(entity) is { } copy)
        {
            return Refuse(VmReplyKind.FailedPrecondition, copy);
        }

        if (state.IsMigrating)
        {
            MigrationState m = state.Migration!;
            return Refuse(VmReplyKind.FailedPrecondition,
                $"the VM is already migrating to {m.Destination} (migration {m.Id}, {m.Phase}); wait for it or cancel it");
        }

        if (!migrate.DestinationIsKnown)
        {
            return Refuse(VmReplyKind.NotFound, UnknownHost(migrate.Destination));
        }

        if (migrate.Cordon is { } cordon)
        {
            return Refuse(VmReplyKind.FailedPrecondition, cordon.Refusal);
        }

        return migrate.Destination == source
            ? Refuse(VmReplyKind.FailedPrecondition, $"the VM already runs on {source}; choose another host")
            : Accept(
                new VmReply(VmReplyKind.Accepted, "", migrate.Id),
                new VmEvent.MigrationRequested(migrate.Request, migrate.Id, source, state.Residence.Launch, migrate.Destination, migrate.Policy));
    }

    private static Handoff.Decision<VmReply, VmEvent> DecideCancel(VmState state, VmCommand.Cancel cancel)
    {
        if (state.Migration is not { } m)
        {
            return Refuse(VmReplyKind.NotFound, "the VM has no migration");
        }

        if (WasAnswered(state, cancel.Request) is { } answered)
        {
            return answered;
        }

        if (cancel.Migration is { } meant && meant != m.Id)
        {
            return new(new VmReply(VmReplyKind.FailedPrecondition, $"migration {meant} is none of this VM's, or is over; its newest is {m.Id} ({m.Phase})", meant), []);
        }

        if (m.Phase.IsTerminal())
        {
            return new(new VmReply(VmReplyKind.FailedPrecondition, $"migration {m.Id} has already ended: {m.Phase}", m.Id), []);
        }

        // Legal in every phase: what became of it is told by the end state. After the guest runs at the destination it changes nothing any more.
        VmReply accepted = new(VmReplyKind.Accepted, m.Phase is MigrationPhase.Verifying or MigrationPhase.Finishing
            ? "too late: the guest runs at the destination" : "", m.Id);
        return m.CancelRequested || m.Phase is MigrationPhase.Verifying or MigrationPhase.Finishing
            ? new(accepted, [])
            : Accept(accepted, new VmEvent.CancelRequested(cancel.Request));
    }

    /// <summary>From the start of the copying on: before it nothing is in doubt, and afterwards the host owes nothing but a clean-up.</summary>
    private static Handoff.Decision<VmReply, VmEvent> DecideHostOff(VmState state, VmCommand.ProveHostOff off)
    {
        if (state.Migration is not { Phase: MigrationPhase.Iterating or MigrationPhase.Switchover or MigrationPhase.InDoubt } m)
        {
            return Refuse(VmReplyKind.FailedPrecondition, state.Migration is { } other
                ? $"migration {other.Id} is {other.Phase}: nothing of it depends on whether a host is off"
                : "the VM has no migration");
        }

        if (WasAnswered(state, off.Request) is { } answered)
        {
            return answered;
        }

        if (off.Attempt != m.Attempt)
        {
            return Refuse(VmReplyKind.FailedPrecondition, OtherAttempt(m, off.Attempt));
        }

        if (off.Host != m.Source && off.Host != m.Destination)
        {
            return Refuse(VmReplyKind.FailedPrecondition, $"migration {m.Id} goes from {m.Source} to {m.Destination}; '{off.Host}' has no part in it");
        }

        VmReply accepted = new(VmReplyKind.Accepted, $"{off.Host} is off: {off.Word}", m.Id);
        return off.Connected
            ? Refuse(VmReplyKind.FailedPrecondition, $"the agent of {off.Host} is connected, so the host is not off; what it reports counts")
            : m.IsProvenOff(off.Host) ? new(accepted, [])
            : Accept(accepted, new VmEvent.HostProvenOff(off.Request, m.Attempt, off.Host, off.Word));
    }

    private static Handoff.Decision<VmReply, VmEvent> DecideResolve(VmEntity entity, VmCommand.Resolve resolve)
    {
        if (entity.State.Migration is not { } m)
        {
            return Refuse(VmReplyKind.NotFound, "the VM has no migration");
        }

        if (WasAnswered(entity.State, resolve.Request) is { } answered)
        {
            return answered;
        }

        if (resolve.Attempt != m.Attempt)
        {
            return Refuse(VmReplyKind.FailedPrecondition, OtherAttempt(m, resolve.Attempt));
        }

        if (m.Resolution is { } earlier)
        {
            return earlier == resolve.Resolution
                ? new(new VmReply(VmReplyKind.Accepted, "this was recorded before", m.Id), [])
                : Refuse(VmReplyKind.FailedPrecondition, $"migration {m.Id} was resolved before as {earlier.Choice} ({earlier.Word})");
        }

        if (m.Phase != MigrationPhase.InDoubt)
        {
            return Refuse(VmReplyKind.FailedPrecondition, m.Phase.IsTerminal()
                ? $"migration {m.Id} has already ended: {m.Phase}"
                : $"migration {m.Id} is {m.Phase} and not in doubt: it goes on by itself, or is cancelled");
        }

        if (DoubtChoices.WhyNot(entity, m, resolve.Resolution) is { } refusal)
        {
            return Refuse(VmReplyKind.FailedPrecondition, $"{resolve.Resolution.Choice} is refused: {refusal}");
        }

        return Accept(new VmReply(VmReplyKind.Accepted, "", m.Id), new VmEvent.DoubtResolved(resolve.Request, m.Attempt, resolve.Resolution));
    }

    /// <summary>A word is recorded once, whatever became of it: its repetition must not be taken for a second one.</summary>
    private static Handoff.Decision<VmReply, VmEvent>? WasAnswered(VmState state, RequestId request) =>
        state.Requests.FirstOrDefault(r => r.Request == request) is { } answered ? new(new VmReply(VmReplyKind.Accepted, "this was recorded before", answered.Migration), []) : null;

    private static string OtherAttempt(MigrationState m, AttemptNo said) =>
        $"this is about attempt {said}, and migration {m.Id} is in attempt {m.Attempt} ({m.Phase}): look again with 'coordctl resolve', and name that one";

    private static Handoff.Decision<VmReply, VmEvent> DecideRehearsal(VmState state, VmCommand.NoteRehearsal rehearsal)
    {
        if (Current(state, rehearsal.Attempt) is not { Phase: MigrationPhase.PreparingDestination, Rehearsed: false } m)
        {
            return Accept();
        }

        VmEvent completed = new VmEvent.RehearsalCompleted(rehearsal.Attempt, rehearsal.Measured);
        long tookMicros = rehearsal.Measured.RoundTripMicros + rehearsal.Measured.SyncMicros;
        return m.Policy.OnRehearsalOverBudget == OverBudgetAction.Refuse && tookMicros > m.Policy.RehearsalBudgetMs * 1_000L
            ? Accept(completed, new VmEvent.AttemptEnded(
                rehearsal.Attempt,
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"the rehearsal of the handoff took {tookMicros / 1_000.0:0.0} ms and its budget is {m.Policy.RehearsalBudgetMs} ms; ")
                    + "mend the link between the hosts, or raise rehearsalBudgetMs",
                MayRetry: false))
            : Accept(completed);
    }

    private static Handoff.Decision<VmReply, VmEvent> DecideDeadline(VmEntity entity, VmCommand.DeadlinePassed passed)
    {
        if (Current(entity.State, passed.Attempt) is not { } m || m.Phase != passed.Phase)
        {
            return Accept();
        }

        return m.Phase switch
        {
            MigrationPhase.Pending or MigrationPhase.Scheduling or MigrationPhase.PreparingDestination => When(!m.TimedOut, new VmEvent.PhaseTimedOut(m.Phase)),

            // First the source is asked to take the guest back, unless it is dead; only if that stays unanswered too is it a doubt.
            MigrationPhase.Iterating or MigrationPhase.Switchover => m.TimedOut || DeadSource.IsDead(entity, m)
                ? Accept(new VmEvent.DoubtRaised(m.Attempt, VmEvidence.Describe(entity, m)))
                : Accept(new VmEvent.PhaseTimedOut(m.Phase)),

            // Debts stay owed; the result does not wait for an unreachable host.
            MigrationPhase.RollingBack => Accept(new VmEvent.MigrationEnded(m.CancelRequested ? MigrationPhase.Cancelled : MigrationPhase.Failed, m.Reason)),
            MigrationPhase.Verifying => Accept(new VmEvent.VerdictReached(m.Attempt, Virtqueues.MigrationVerdict.Suspect)),
            MigrationPhase.Finishing =>
                Accept(new VmEvent.MigrationEnded(MigrationPhase.Succeeded,
                    "the source's process could not be ended yet; it is ended as soon as its host answers")),
            _ => Accept(),
        };
    }

    private static string UnknownHost(HostName host) => $"host '{host}' is unknown: no agent of that name has connected; see 'coordctl get hosts'";

    private static Handoff.Decision<VmReply, VmEvent> When(bool condition, VmEvent happened) => condition ? Accept(happened) : Accept();

    private static Handoff.Decision<VmReply, VmEvent> Accept(params ReadOnlySpan<VmEvent> events) => new(VmReply.Done, EquatableList.Create(events));

    private static Handoff.Decision<VmReply, VmEvent> Accept(VmReply reply, params ReadOnlySpan<VmEvent> events) => new(reply, EquatableList.Create(events));

    private static Handoff.Decision<VmReply, VmEvent> Refuse(VmReplyKind kind, string message) => new(new VmReply(kind, message), []);
}
