using System.Globalization;

namespace Coordinator.Chaos.Cluster;

/// <summary>All rounds in a few lines, for people.</summary>
internal static class RoundSum
{
    public static string Of(IReadOnlyList<RoundResult> run, int wanted)
    {
        double[] standstills = [.. run.Select(round => round.StandstillMs).Order()];
        string times = standstills.Length == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"median {standstills[standstills.Length / 2]:0} ms, longest {standstills[^1]:0} ms");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""

            {run.Count} of {wanted} rounds run: {run.Count(round => round.IsGood)} good, {run.Count(round => !round.IsGood)} bad; {run.Sum(round => round.Moves)} migrations accepted, {run.Sum(round => round.Counted)} steps counted by guests
            longest standstill of a round: {times}; rounds of which a checker could not decide something: {run.Count(round => round.Undecided.Count > 0)}
            """)
            + string.Concat(Ends(run).Select(end => string.Create(CultureInfo.InvariantCulture, $"\n  {end.Value,6} x {end.Key}")));
    }

    /// <summary>Phase and verdict only: reasons name hosts and times.</summary>
    private static IEnumerable<KeyValuePair<string, int>> Ends(IReadOnlyList<RoundResult> run) => run
        .SelectMany(round => round.Outcomes)
        .Select(outcome => outcome.Split(" x ", 2))
        .GroupBy(parts => parts[1].Split(':')[0], parts => int.Parse(parts[0], CultureInfo.InvariantCulture))
        .Select(group => KeyValuePair.Create(group.Key, group.Sum()))
        .OrderByDescending(end => end.Value);
}
