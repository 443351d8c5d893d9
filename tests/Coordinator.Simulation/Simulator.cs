using Coordinator.Search;

namespace Coordinator.Simulation;

/// <summary>Runs schedules; says of one what it breaks.</summary>
public static class Simulator
{
    /// <returns>Null, or what the schedule breaks.</returns>
    public static string? Run(Schedule schedule, ProtocolRules rules, Coverage coverage, List<string>? trace = null)
    {
        World world = new(schedule, rules, coverage, trace);
        try
        {
            world.Run();
            return null;
        }
        catch (ViolationException violation)
        {
            trace?.Add($"VIOLATION at step {world.Steps}: {violation.Message}");
            return violation.Message;
        }
        finally
        {
            coverage.Schedules++;
            coverage.Steps += world.Steps;
        }
    }

    /// <summary>The first schedule of a range that breaks something that is looked for, shrunk; null when none does.</summary>
    public static Finding? FirstFinding(
        ulong firstSeed, int schedules, ProtocolRules rules, Coverage coverage, Func<ulong, Schedule> draw, Func<string, bool> isLookedFor)
    {
        for (ulong seed = firstSeed; seed < firstSeed + (ulong)schedules; seed++)
        {
            Schedule schedule = draw(seed);
            if (Run(schedule, rules, coverage) is { } violation && isLookedFor(violation))
            {
                return Shrinker.Shrink(schedule, violation, rules);
            }
        }

        return null;
    }
}
