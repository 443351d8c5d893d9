using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>
/// A copy at a destination runs only after its register said <c>run</c>; a source that completed runs again only after its register said <c>refused</c>; <c>migrate</c> is
/// issued only after it was authorised, and once for an attempt.
/// </summary>
public static class RunOwnership
{
    public const string Name = "run ownership";

    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryRecord> history, JudgeSettings settings)
    {
        List<Violation> violations = [];
        foreach (IGrouping<VmName, VmRecord> records in history.OfType<VmRecord>().GroupBy(record => record.Vm))
        {
            CheckVm([.. records], settings, violations);
        }

        return violations;
    }

    private static void CheckVm(IReadOnlyList<VmRecord> records, JudgeSettings settings, List<Violation> violations)
    {
        IReadOnlyDictionary<RegisterKey, List<RegisterCall>> calls = RegisterLinearizability.Calls(records, []);
        AttemptPrepared[] attempts = [.. records.OfType<AttemptPrepared>()];
        foreach (RunBegan began in records.OfType<RunBegan>())
        {
            foreach (AttemptPrepared attempt in attempts.Where(attempt => attempt.Destination == began.Copy).DistinctBy(attempt => attempt.Attempt))
            {
                CheckDestination(began, attempt, calls.GetValueOrDefault(new(attempt.Vm, attempt.Attempt, attempt.Store), []), settings, violations);
            }

            CheckSource(began, records, calls, settings, violations);
        }

        CheckIssues(records, settings, violations);
    }

    private static void CheckDestination(
        RunBegan began, AttemptPrepared attempt, IReadOnlyList<RegisterCall> calls, JudgeSettings settings, List<Violation> violations)
    {
        string ran = $"the destination's {began.Copy} of {began.Vm} ran at {Moment.Ms(began.AtMicros)}";
        long latest = began.AtMicros + settings.ClockToleranceMicros;
        RegisterCall[] grants = [.. calls.Where(call => call.Invoked.Kind is RegisterOperationKind.Grant or RegisterOperationKind.GrantByWord && call.Outcome != RegisterOutcome.NotDone)];

        // A grant that was lost with its agent's last lines shows in what the register says later.
        bool saidRun = calls.Any(call => call.Outcome is RegisterOutcome.Run or RegisterOutcome.Running || call is { Invoked.Kind: RegisterOperationKind.RecordRunning, Outcome: RegisterOutcome.Done });
        if (grants.Length == 0 && (settings.KeeperStepsComplete || !saidRun))
        {
            violations.Add(new(Name, began.Vm, began.AtMicros, $"{ran} although the register of attempt {attempt.Attempt} never said run"));
        }
        else if (grants.Length > 0 && grants.All(grant => grant.InvokedMicros > latest))
        {
            violations.Add(new(Name, began.Vm, began.AtMicros, $"{ran} before the register of attempt {attempt.Attempt} said run: {grants[0]}"));
        }

        if (calls.FirstOrDefault(call => call.Outcome == RegisterOutcome.Refused && call.AnsweredMicros <= began.AtMicros - settings.ClockToleranceMicros) is { Invoked: not null } refused)
        {
            violations.Add(new(Name, began.Vm, began.AtMicros, $"{ran} although the register of attempt {attempt.Attempt} had refused: {refused}"));
        }
    }

    /// <summary>Before <c>completed</c> QEMU resumes a source by itself, after a failure or a cancel: that is no business of the register.</summary>
    private static void CheckSource(
        RunBegan began, IReadOnlyList<VmRecord> records, IReadOnlyDictionary<RegisterKey, List<RegisterCall>> calls, JudgeSettings settings, List<Violation> violations)
    {
        SourceCompleted? completed = records.OfType<SourceCompleted>()
            .LastOrDefault(record => record.Source == began.Copy && record.AtMicros < began.AtMicros - settings.ClockToleranceMicros);
        if (completed is null)
        {
            return;
        }

        bool refused = calls.Any(call => call.Key.Attempt == completed.Attempt
            && call.Value.Any(answer => answer.Outcome == RegisterOutcome.Refused && answer.AnsweredMicros <= began.AtMicros + settings.ClockToleranceMicros));
        bool keptByWord = records.OfType<SourceKeptByWord>().Any(kept =>
            kept.Source == began.Copy && kept.Attempt == completed.Attempt && kept.AtMicros <= began.AtMicros + settings.ClockToleranceMicros);
        if (!refused && !keptByWord)
        {
            violations.Add(new(Name, began.Vm, began.AtMicros,
                $"the source's {began.Copy} of {began.Vm} ran again at {Moment.Ms(began.AtMicros)} although it had completed attempt {completed.Attempt} "
                + $"at {Moment.Ms(completed.AtMicros)} and no answer 'refused' had come before"));
        }
    }

    private static void CheckIssues(IReadOnlyList<VmRecord> records, JudgeSettings settings, List<Violation> violations)
    {
        bool authorisationsAreKnown = records.OfType<SwitchoverAuthorised>().Any();
        foreach (IGrouping<AttemptNo, MigrateIssued> issues in records.OfType<MigrateIssued>().GroupBy(issued => issued.Attempt))
        {
            MigrateIssued first = issues.First();
            if (authorisationsAreKnown && !records.OfType<SwitchoverAuthorised>()
                .Any(a => a.Attempt == issues.Key && a.AtMicros <= first.AtMicros + settings.ClockToleranceMicros))
            {
                violations.Add(new(Name, first.Vm, first.AtMicros, $"migrate of attempt {issues.Key} of {first.Vm} was issued at {Moment.Ms(first.AtMicros)} without an authorisation before"));
            }

            if (issues.Skip(1).FirstOrDefault() is { } second)
            {
                violations.Add(new(Name, first.Vm, second.AtMicros,
                    $"migrate of attempt {issues.Key} of {first.Vm} was issued twice, at {Moment.Ms(first.AtMicros)} and at {Moment.Ms(second.AtMicros)}"));
            }
        }
    }
}
