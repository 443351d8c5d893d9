using Coordinator.Domain;

namespace Coordinator.History;

/// <summary>
/// Without whom nobody may act in one part of a standstill. Until the source's word has left, and again after a refusal, only the source's agent and QEMU may resume the guest;
/// after <c>run</c> only the destination's; between them the question needs both agents and a way between them, which is the direct link or a coordinator.
/// </summary>
internal sealed record NeededParties(long FromMicros, long UntilMicros, bool IsLast, Handler Who, AttemptPrepared? Attempt, Copy LastRan)
{
    /// <summary>The stages of the standstill, without gaps.</summary>
    internal static IReadOnlyList<NeededParties> During(Standstills.Standstill standstill, long until, IReadOnlyList<HistoryRecord> history)
    {
        AttemptPrepared? attempt = history.OfType<AttemptPrepared>().LastOrDefault(prepared =>
            prepared.Vm == standstill.Vm && prepared.AtMicros <= until && (prepared.Source == standstill.LastRan || prepared.Source is null || prepared.Destination == standstill.LastRan));
        if (attempt is null || attempt.Destination == standstill.LastRan)
        {
            return [new(standstill.FromMicros, until, IsLast: true, attempt is null ? Handler.Source : Handler.Destination, attempt, standstill.LastRan)];
        }

        List<(long At, Handler Who)> turns = [(standstill.FromMicros, Handler.Source)];
        if (history.OfType<SourceCompleted>().FirstOrDefault(c => c.Vm == standstill.Vm && c.Attempt == attempt.Attempt && c.AtMicros >= standstill.FromMicros) is { } completed)
        {
            turns.Add((completed.AtMicros, Handler.Both));
        }

        IReadOnlyList<RegisterCall> calls = RegisterLinearizability.Calls(history, []).GetValueOrDefault(new(attempt.Vm, attempt.Attempt, attempt.Store), []);
        foreach (RegisterCall call in calls.Where(call => call.InvokedMicros >= standstill.FromMicros))
        {
            Handler? who = call switch
            {
                { Invoked.Kind: RegisterOperationKind.Released or RegisterOperationKind.Refuse, Outcome: null or RegisterOutcome.Undecided or RegisterOutcome.GateClosed } => Handler.Both,
                { Invoked.Kind: RegisterOperationKind.Grant or RegisterOperationKind.GrantByWord, Outcome: RegisterOutcome.Done } or { Outcome: RegisterOutcome.Run or RegisterOutcome.Running } => Handler.Destination,
                { Outcome: RegisterOutcome.Refused } => Handler.Source,
                _ => null,
            };
            if (who is { } next)
            {
                turns.Add((call.AnsweredMicros ?? call.InvokedMicros, next));
            }
        }

        List<NeededParties> stages = [];
        Handler current = Handler.Source;
        long from = standstill.FromMicros;
        foreach ((long at, Handler who) in turns.OrderBy(turn => turn.At))
        {
            // A late "undecided" does not take back what was decided.
            bool goesBack = who == Handler.Both && current != Handler.Source;
            if (who == current || goesBack || at >= until)
            {
                continue;
            }

            stages.Add(new(from, at, IsLast: false, current, attempt, standstill.LastRan));
            (current, from) = (who, at);
        }

        stages.Add(new(from, until, IsLast: true, current, attempt, standstill.LastRan));
        return stages;
    }

    internal bool Needs(FaultInterval fault, IReadOnlyList<FaultInterval> faults)
    {
        Party party = fault.Party;
        HostName source = Attempt?.Source?.Host ?? LastRan.Host;
        HostName? destination = Attempt?.Destination.Host;
        bool atSource = party == Party.Agent(source) || party == Party.Host(source);
        bool atDestination = destination is not null && (party == Party.Agent(destination) || party == Party.Host(destination));
        return Who switch
        {
            Handler.Source => atSource || IsQemu(party, Attempt?.Source ?? LastRan),
            Handler.Destination => atDestination || (Attempt is not null && IsQemu(party, Attempt.Destination)),

            // The QEMUs are not needed for the question: a dead or stopped copy is refused and ended.
            Handler.Both => atSource || atDestination || (destination is not null && IsOnlyWay(fault, source, destination, faults)),
            _ => throw new ArgumentOutOfRangeException(nameof(fault), Who, "not in the table of handlers"),
        };
    }

    private static bool IsQemu(Party party, Copy copy) => party == Party.Qemu(copy) || party == Party.Monitor(copy);

    /// <summary>The link counts only while the way over the coordinators is cut as well, and that way only while the link is.</summary>
    private static bool IsOnlyWay(FaultInterval fault, HostName source, HostName destination, IReadOnlyList<FaultInterval> faults)
    {
        Party link = Party.AgentLink(source, destination);

        bool IsDetour(Party party) => party.Kind is PartyKind.Coordinator or PartyKind.Database || party == Party.CoordinatorLink(source) || party == Party.CoordinatorLink(destination);

        bool AlsoDuring(Func<Party, bool> other) => faults.Any(f => other(f.Party) && f.Kind != FaultKind.Slowed
            && f.FromMicros < (fault.UntilMicros ?? long.MaxValue) && (f.UntilMicros ?? long.MaxValue) > fault.FromMicros);

        return fault.Party == link ? AlsoDuring(IsDetour) : IsDetour(fault.Party) && AlsoDuring(party => party == link);
    }
}

/// <summary>Whose turn it is while the guest stands still.</summary>
internal enum Handler
{
    Source,
    Both,
    Destination,
}
