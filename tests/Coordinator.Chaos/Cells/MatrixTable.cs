using System.Globalization;
using System.Text;

namespace Coordinator.Chaos.Cells;

/// <summary>The matrix for people: what became of each cell, and the sums.</summary>
internal static class MatrixTable
{
    public static string Of(IEnumerable<(Cell Cell, CellResult? Result)> results)
    {
        List<(Cell Cell, CellResult? Result)> all = [.. results];
        StringBuilder text = new();
        foreach (CellPlace place in all.Select(one => one.Cell.Place).Distinct())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\n{place.Phase}, {place.Name}");
            text.AppendLine(CultureInfo.InvariantCulture, $"  {"fault",-38} {"before: outcome",-24} {"ms still",9}   {"after: outcome",-24} {"ms still",9}   to blame");
            foreach ((CellFault fault, bool isTicking) in all.Where(one => one.Cell.Place == place).Select(one => (one.Cell.Fault, one.Cell.IsTicking)).Distinct())
            {
                CellResult? before = Find(all, place, fault, isTicking, Moment.Before);
                CellResult? after = Find(all, place, fault, isTicking, Moment.After);
                string blame = string.Join("; ", new[] { before?.Blame, after?.Blame }.Where(word => !string.IsNullOrEmpty(word)).Distinct(StringComparer.Ordinal));
                text.AppendLine(CultureInfo.InvariantCulture, $"  {fault + (isTicking ? ", counting guest" : ""),-38} {Word(before),-24} {Still(before),9}   {Word(after),-24} {Still(after),9}   {blame}");
            }
        }

        List<CellResult> run = [.. all.Select(one => one.Result).OfType<CellResult>()];
        text.AppendLine(CultureInfo.InvariantCulture, $"\n{run.Count} of {all.Count} cells run: {run.Count(r => r.IsGood)} good, {run.Count(r => !r.IsGood)} bad");
        text.AppendJoin(", ", run.GroupBy(r => r.Phase, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}"));
        text.Append(CultureInfo.InvariantCulture, $"; not decided by a checker of the history: {run.Count(r => r.Unexplained.Count > 0)}");
        text.AppendLine(CultureInfo.InvariantCulture, $"; beyond the deadline because somebody was away: {run.Count(r => r.Blame.Length > 0)}");
        return text.ToString();
    }

    private static CellResult? Find(List<(Cell Cell, CellResult? Result)> all, CellPlace place, CellFault fault, bool isTicking, Moment moment) =>
        all.FirstOrDefault(one => one.Cell.Place == place && one.Cell.Fault == fault && one.Cell.IsTicking == isTicking && one.Cell.Moment == moment).Result;

    private static string Word(CellResult? result) => result is null ? "-" : result.IsGood ? $"{result.Phase} {result.Verdict}" : $"BAD ({result.Phase})";

    private static string Still(CellResult? result) => result is null ? "-" : result.StandstillMs.ToString("0", CultureInfo.InvariantCulture);
}
