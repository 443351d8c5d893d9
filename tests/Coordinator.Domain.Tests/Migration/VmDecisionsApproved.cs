using Coordinator.Domain.Handoff;
using Coordinator.Domain.Migration;
using Coordinator.Domain.Policies;
using Coordinator.Domain.QemuModel;
using Coordinator.Domain.Tests.Approved;
using Coordinator.Domain.Virtqueues;
using Xunit;

namespace Coordinator.Domain.Tests.Migration;

/// <summary>The coordinator's decisions along random courses of a VM, in each state every command and what follows from every report, against the approved ones.</summary>
public sealed class VmDecisionsApproved
{
    private const int Courses = 500;
    private const int Steps = 9;

    private static readonly HostName[] s_hosts = [new("host-a"), new("host-b"), new("host-c")];
    private static readonly IncarnationId s_own = new(new Guid(1, 0, 0, new byte[8]));
    private static readonly IncarnationId s_foreign = new(new Guid(2, 0, 0, new byte[8]));
    private static readonly StoreInstanceId s_store = new(new Guid(3, 0, 0, new byte[8]));
    private static readonly StoreInstanceId s_newStore = new(new Guid(4, 0, 0, new byte[8]));
    private static readonly LaunchId s_launch = new(new Guid(5, 0, 0, new byte[8]));
    private static readonly SignedWord s_word = new("ann", "looked");

    [Fact]
    public void Entity_AlongRandomCourses_DecidesAsApproved()
    {
        Draws draws = new(3);
        DecisionLog log = new();
        for (int course = 0; course < Courses; course++)
        {
            VmEntity entity = Begin(draws);
            for (int step = 0; step < Steps; step++)
            {
                entity = Step(entity, draws, log);
            }
        }

        log.AssertApproved("entity");
    }

    /// <summary>Somewhere in the life of a VM: what a course would only rarely come to is where it begins.</summary>
    private static VmEntity Begin(Draws draws)
    {
        VmEntity entity = new(VmState.Initial);
        entity = Follow(entity, VmDecisions.Decide(entity, new VmCommand.Claim(s_own, Epoch.None)).Events);
        Guid id = new(7, 0, 0, new byte[8]);
        AttemptNo attempt = new(1);
        RequestId request = new("r0");
        MigrationPolicy policy = MigrationPolicy.Default with { MaxAttempts = 1 + draws.Below(2), OnRehearsalOverBudget = draws.AnyOf<OverBudgetAction>() };
        VmEvent[] way =
        [
            new VmEvent.VmStartOrdered(new RequestId("s"), s_hosts[0], s_launch, "text"),
            new VmEvent.VmResident(s_hosts[0], s_launch),
            new VmEvent.MigrationRequested(request, id, s_hosts[0], s_launch, s_hosts[1], policy),
            new VmEvent.MigrationScheduled(id),
            new VmEvent.AttemptOpened(attempt, LaunchIds.ForAttempt(id, attempt)),
            new VmEvent.DestinationPrepared(attempt, s_store),
            new VmEvent.RehearsalCompleted(attempt, default),
            new VmEvent.SwitchoverAuthorized(attempt, s_store),
            new VmEvent.SwitchoverEntered(attempt),
        ];
        int steps = draws.Below(way.Length + 12);
        entity = Follow(entity, way.Take(steps));
        if (steps <= way.Length)
        {
            return entity;
        }

        DoubtChoice choice = draws.AnyOf<DoubtChoice>();
        ReleaseRecord record = new(attempt, s_store, "");
        VmEvent.DoubtRaised doubt = new(attempt, "silence");
        VmEvent.DoubtResolved resolved = new(request, attempt, new DoubtResolution(choice, s_word, ["none"], choice == DoubtChoice.ReleaseFromRecord ? record : null));
        VmEvent[] off = [new VmEvent.HostProvenOff(request, attempt, s_hosts[draws.Below(2)], s_word)];
        return Follow(entity, draws.Below(9) switch
        {
            0 => [doubt],
            1 => [doubt, .. off],
            2 => [doubt, resolved],
            3 => [doubt, .. off, resolved],
            4 => [new VmEvent.GuestRunsAtDestination(attempt)],
            5 => [new VmEvent.GuestRunsAtDestination(attempt), new VmEvent.VerdictReached(attempt, MigrationVerdict.Suspect)],
            6 => [new VmEvent.AttemptEnded(attempt, "broken", draws.Coin())],
            7 => [new VmEvent.GateRefused(attempt, ["rings"]), new VmEvent.AttemptEnded(attempt, "gate", draws.Coin())],
            _ => [new VmEvent.PhaseTimedOut(MigrationPhase.Switchover)],
        });
    }

    private static VmEntity Step(VmEntity entity, Draws draws, DecisionLog log)
    {
        string where = entity.State.Migration?.Phase.ToString() ?? $"no migration, {entity.State.Residence.Kind}";
        log.Add($"effects {where}", () => VmEffects.Of(entity).ToString());
        foreach (DoubtChoice choice in Enum.GetValues<DoubtChoice>())
        {
            if (entity.State.Migration is { } m)
            {
                log.Add($"may choose {choice} {where}", () => (DoubtChoices.WhyNot(entity, m, choice) is null).ToString());
            }
        }

        VmCommand[] commands = Commands(entity, draws).ToArray();
        foreach (VmCommand command in commands)
        {
            log.Add($"{command.GetType().Name} {where}", () =>
            {
                Decision<VmReply, VmEvent> decision = VmDecisions.Decide(entity, command);
                return $"{decision.Reply.Kind} {Plain(decision.Events)} {Plain(Follow(entity, decision.Events).State)}";
            });
        }

        foreach (VmEvent happened in Impossible(entity))
        {
            log.Add($"apply {happened.GetType().Name} {where}", () => Plain(VmTransitions.Apply(entity, happened).State));
        }

        // Onwards: what follows from the reports first, else a report or a command.
        log.Add($"next {where}", () => VmProgress.Next(entity) is { } follows ? Plain([follows]) : "nothing");
        if (draws.Below(10) != 0 && Next(entity) is { } next)
        {
            return Follow(entity, [next]);
        }

        return draws.Below(3) == 0
            ? Try(entity, commands[draws.Below(commands.Length)])
            : entity.With(Report(entity, draws)).With(Report(entity, draws)) with
            {
                QueuesReadyFor = draws.Coin() ? entity.State.LastAttempt : AttemptNo.None,
                FoldedVerdict = draws.Below(3) == 0 ? MigrationVerdict.Verified : null,
            };
    }

    /// <summary>Without the sentences that are meant for people.</summary>
    private static string Plain(VmState state) =>
        (state.Migration is { } m ? state with { Migration = m with { Reason = m.Reason.Length > 0 ? "-" : "", StartRefusal = m.StartRefusal.Length > 0 ? "-" : "" } } : state).ToString();

    private static string Plain(IEnumerable<VmEvent> events) => string.Join("; ", events.Select(e => e switch
    {
        // Which of the reasons was chosen, though not how it is worded.
        VmEvent.AttemptEnded x => x with { Reason = $"{x.Reason.Contains("broken pipe", StringComparison.Ordinal)} {x.Reason.Contains("load failed", StringComparison.Ordinal)} {x.Reason.Contains("rings", StringComparison.Ordinal)} {x.Reason == "cancelled"}" },
        VmEvent.MigrationEnded x => x with { Reason = $"{x.Reason.Contains("load failed", StringComparison.Ordinal)}" },
        VmEvent.VmGone => new VmEvent.VmGone(""),
        VmEvent.DoubtRaised x => x with { Evidence = "" },
        VmEvent.GuestLost x => x with { Evidence = "" },
        VmEvent.StartRefused x => x with { Reason = "" },
        VmEvent.ResolutionFailed x => x with { Reason = "" },
        _ => e,
    }));

    private static VmEvent? Next(VmEntity entity)
    {
        try
        {
            return VmProgress.Next(entity);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static VmEntity Try(VmEntity entity, VmCommand command)
    {
        try
        {
            return Follow(entity, VmDecisions.Decide(entity, command).Events);
        }
        catch (InvalidOperationException)
        {
            return entity;
        }
    }

    private static VmEntity Follow(VmEntity entity, IEnumerable<VmEvent> events) => events.Aggregate(entity, VmTransitions.Apply);

    private static IEnumerable<VmCommand> Commands(VmEntity entity, Draws draws)
    {
        MigrationState? m = entity.State.Migration;
        AttemptNo attempt = draws.Below(5) == 0 ? entity.State.LastAttempt.Next : entity.State.LastAttempt;
        RequestId request = new($"r{draws.Below(3)}");
        HostName host = s_hosts[draws.Below(3)];
        MigrationPolicy policy = MigrationPolicy.Default with { MaxAttempts = 1 + draws.Below(2), OnRehearsalOverBudget = draws.AnyOf<OverBudgetAction>(), RehearsalBudgetMs = 1 };
        yield return new VmCommand.Claim(s_own, new Epoch(draws.Below(6)));
        yield return new VmCommand.StartVm(request, host, draws.Below(5) != 0, s_launch, "");
        yield return new VmCommand.StopVm(request);
        yield return new VmCommand.LaunchRefused(draws.Below(4) == 0 ? LaunchId.None : entity.State.Residence.Launch, "no");
        yield return new VmCommand.Migrate(request, new Guid(7, (short)entity.State.LastAttempt.Value, (short)draws.Below(3), new byte[8]), host, draws.Below(6) != 0, policy);
        yield return new VmCommand.Cancel(request);
        yield return new VmCommand.Cancel(request, draws.Below(3) == 0 ? Guid.Empty : m?.Id);
        yield return new VmCommand.RefusePreparation(attempt, "no");
        yield return new VmCommand.RefuseStart(attempt, "no");
        yield return new VmCommand.NoteRehearsal(attempt, new Domain.Migration.Rehearsal(draws.Of(100L, 600L), draws.Of(100L, 400L, 900L), 0, 0));
        yield return new VmCommand.NoteIteration(attempt, default);
        yield return new VmCommand.NoteBlackout(attempt, new Blackout(1, 1, 0, 0, 0, 0, 0, 0, 0));
        yield return new VmCommand.NoteJudgements(attempt, []);
        yield return new VmCommand.DeadlinePassed(draws.Below(3) == 0 ? draws.AnyOf<MigrationPhase>() : m?.Phase ?? MigrationPhase.Pending, attempt);
        yield return new VmCommand.ProveHostOff(request, attempt, host, draws.Below(4) == 0, s_word);
        DoubtChoice choice = draws.AnyOf<DoubtChoice>();
        ReleaseRecord? record = draws.Below(3) == 0 ? null : new ReleaseRecord(attempt, draws.Below(4) == 0 ? s_newStore : s_store, "");
        yield return new VmCommand.Resolve(request, attempt, new DoubtResolution(choice, s_word, draws.Below(4) == 0 ? [] : ["none"], record));
        yield return new VmCommand.RefuseResolution(attempt, "no");
    }

    /// <summary>Some of what cannot follow in most states: an error there, and not a silent change.</summary>
    private static IEnumerable<VmEvent> Impossible(VmEntity entity)
    {
        AttemptNo attempt = entity.State.LastAttempt;
        yield return new VmEvent.IncarnationStarted(s_own, entity.State.Epoch);
        yield return new VmEvent.VmStartOrdered(new RequestId("s"), s_hosts[1], s_launch, "");
        yield return new VmEvent.MigrationRequested(new RequestId("x"), Guid.Empty, s_hosts[0], s_launch, s_hosts[1], MigrationPolicy.Default);
        yield return new VmEvent.MigrationRequested(new RequestId("x"), Guid.Empty, s_hosts[1], s_launch, s_hosts[2], MigrationPolicy.Default);
        yield return new VmEvent.AttemptOpened(attempt, s_launch);
        yield return new VmEvent.AttemptOpened(attempt.Next, s_launch);
        yield return new VmEvent.DestinationPrepared(attempt, s_store);
        yield return new VmEvent.SwitchoverAuthorized(attempt, s_store);
        yield return new VmEvent.GuestRunsAtDestination(attempt);
        yield return new VmEvent.GateRefused(attempt, ["rings"]);
        yield return new VmEvent.GateRefused(attempt.Next, ["rings"]);
        yield return new VmEvent.DebtSettled(s_hosts[0], attempt);
        yield return new VmEvent.DebtSettled(s_hosts[1], attempt);
        yield return new VmEvent.ForeignRunReported(attempt, s_hosts[1]);
        yield return new VmEvent.DoubtResolved(new RequestId("x"), attempt, new DoubtResolution(DoubtChoice.Lost, s_word, [], Record: null));
        yield return new VmEvent.MigrationEnded(MigrationPhase.Failed, "no");
        yield return new VmEvent.MigrationEnded(MigrationPhase.Succeeded, "");
    }

    private static HostReport Report(VmEntity entity, Draws draws)
    {
        VmState state = entity.State;
        MigrationState? m = state.Migration;
        HostName host = m is null || draws.Below(8) == 0 ? s_hosts[draws.Below(3)] : draws.Coin() ? m.Source : m.Destination;
        bool isSource = m is not null && host == m.Source;
        AttemptNo newest = state.LastAttempt;
        AttemptNo Near() => new(Math.Max(0, newest.Value - draws.Of(0, 0, 0, 0, 1)));
        AttemptNo Rarely() => draws.Below(3) == 0 ? newest : AttemptNo.None;
        CommandFloor floor = draws.Below(10) == 0 ? new CommandFloor(state.Epoch, s_foreign) : new CommandFloor(state.Epoch, state.Incarnation);
        LaunchId home = isSource ? m!.SourceLaunch : m?.DestinationLaunch ?? state.Residence.Launch;
        QemuView? guest = draws.Below(4) switch
        {
            0 => null,
            1 => QemuView.Gone(draws.Below(4) == 0 ? LaunchId.None : home),
            _ => new QemuView(draws.Below(4) == 0 ? LaunchId.None : home, Alive: true, RunState.Running, MigrationStatus.None),
        };
        return new HostReport(
            host, floor, draws.Below(10) == 0 ? s_newStore : s_store,
            new SourceReport(isSource || draws.Below(5) == 0 ? draws.AnyOf<SourceStage>() : SourceStage.NotObserved, isSource ? Near() : AttemptNo.None, Rarely(), Rarely(), Rarely(), draws.AnyOf<RegisterAnswer>()),
            new DestinationReport(
                isSource && draws.Below(5) != 0 ? DestinationStage.NotPrepared : draws.AnyOf<DestinationStage>(), isSource ? AttemptNo.None : Near(), m?.DestinationLaunch ?? s_launch, Rarely(), Rarely()),
            guest)
        {
            IsListening = draws.Coin(),
            ForeignRun = draws.Below(8) == 0 ? newest : AttemptNo.None,
            SourceError = draws.Below(4) == 0 ? "broken pipe" : "",
            DestinationError = draws.Below(4) == 0 ? "load failed" : "",
            GateFindings = draws.Below(8) == 0 ? ["rings differ"] : [],
        };
    }
}
