using Coordinator.Search;
using Coordinator.Simulation;

namespace Coordinator.Mutants;

/// <summary>What must notice a mutant, the quickest first.</summary>
public static class Killers
{
    private static readonly FaultKind[] s_foreign = [FaultKind.ThirdPartyContAtSource, FaultKind.ThirdPartyContAtDestination, FaultKind.AgentCrash];

    private static readonly Func<ulong, Schedule>[] s_families =
        [Schedule.DrawUndisturbed, Schedule.DrawBrokenAttempts, Schedule.DrawCoordinatorFaults, Schedule.DrawBadNetwork, ForeignRuns];

    /// <returns>Null when nobody notices, else who did.</returns>
    public static string? Kill(int schedules, bool searches)
    {
        try
        {
            if (Facts.FirstFailure() is { } failure)
            {
                return $"test {failure}";
            }

            foreach (Func<ulong, Schedule> draw in s_families)
            {
                for (ulong seed = 1; seed <= 40; seed++)
                {
                    if (Simulator.Run(draw(seed), new ProtocolRules(), new Coverage()) is { } broken)
                    {
                        return $"promise, {draw.Method.Name} {seed}: {Short(broken)}";
                    }
                }
            }

            if (searches && Explorer.Run(new ProtocolRules(), new SearchOptions { Faults = 0, MaxStates = 300_000 }) is { Violation: { } found })
            {
                return $"search: {Short(found)}";
            }

            for (ulong seed = 1; seed <= (ulong)schedules; seed++)
            {
                // Two in three have much of what one schedule can have: the rare rules need cancels, retries, pauses and a person.
                Schedule schedule = Schedule.Draw(seed);
                schedule = (seed % 3) switch
                {
                    0 => schedule with { Cancels = 1, Migrations = 3, MaxAttempts = 3 },
                    1 => schedule with { Person = true },
                    _ => schedule,
                };
                if (Simulator.Run(schedule, new ProtocolRules(), new Coverage()) is { } violation)
                {
                    return $"schedule {seed}: {Short(violation)}";
                }
            }

            if (searches)
            {
                foreach (SearchOptions options in Searches())
                {
                    if (Explorer.Run(new ProtocolRules(), options) is { Violation: { } broken })
                    {
                        return $"search: {Short(broken)}";
                    }
                }
            }

            return null;
        }
#pragma warning disable CA1031 // A mutant may break anything in any way; whatever comes out of it was noticed.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return $"exception {e.GetType().Name}";
        }
    }

    private static Schedule ForeignRuns(ulong seed) => Schedule.Draw(seed, kinds: s_foreign);

    /// <summary>One fault of each family, complete within seconds.</summary>
    private static IEnumerable<SearchOptions> Searches()
    {
        SearchOptions small = new() { Faults = 1, EagerRecording = true, CoordinatorFaults = false, DelayedMessages = false, MaxStates = 3_000_000 };
        yield return small with { StateWipe = false };
        yield return small with { StateWipe = false, MaxAttempts = 2, HostLoss = false, Cancel = false };
        yield return small with { Cancel = false, HostLoss = false, QemuDeath = false, DelayedMessages = true, Guest = Domain.QemuModel.GuestBefore.PausedByUser };
    }

    private static string Short(string text) => text[..Math.Min(text.Length, 80)];
}
