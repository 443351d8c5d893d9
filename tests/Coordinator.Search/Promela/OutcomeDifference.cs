using System.Globalization;
using System.Text;

namespace Coordinator.Search.Promela;

public static class OutcomeDifference
{
    /// <summary>Empty when both have the same outcomes with the same least number of faults, else one line for each that differs.</summary>
    public static string Describe(string first, IReadOnlyDictionary<Outcome, int> firstOutcomes, string second, IReadOnlyDictionary<Outcome, int> secondOutcomes)
    {
        StringBuilder text = new();
        foreach (Outcome outcome in firstOutcomes.Keys.Union(secondOutcomes.Keys).OrderBy(o => o.Text, StringComparer.Ordinal))
        {
            bool inFirst = firstOutcomes.TryGetValue(outcome, out int withFirst);
            bool inSecond = secondOutcomes.TryGetValue(outcome, out int withSecond);
            if (inFirst && inSecond)
            {
                if (withFirst != withSecond)
                {
                    text.AppendLine(CultureInfo.InvariantCulture, $"{first} needs {withFirst} faults, {second} {withSecond}: {outcome}");
                }

                continue;
            }

            text.AppendLine(CultureInfo.InvariantCulture, $"only {(inFirst ? first : second)} ends like this: {outcome}");
        }

        return text.ToString();
    }
}
