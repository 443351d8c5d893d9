using System.Text.RegularExpressions;
using Coordinator.Agent.Configuration.Documents;

namespace Coordinator.Agent.Definitions;

/// <summary>Reads <c>labels</c> and <c>antiAffinity</c>: nothing to QEMU, but said to coordinators, which place by them when a host is drained.</summary>
internal static partial class PlacementLabels
{
    private const int LabelsAtMost = 32;

    private const string Rule = "1 to 63 letters, digits, '.', '_', '-' or '/', beginning and ending with a letter or a digit";

    public static IReadOnlyDictionary<string, string> Labels(MappingReader reader, ProblemList problems)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var mapping = reader.Mapping("labels");
        foreach (var (key, value) in mapping?.Entries ?? [])
        {
            if (!Pattern().IsMatch(key.Text))
            {
                problems.Add(key.At, $"'{Shown.Briefly(key.Text)}' cannot name a label; use {Rule}.");
            }
            else if (VariableMap.Read(value) is not { } text || !Pattern().IsMatch(text))
            {
                problems.Add(value.At, $"the label '{key.Text}' needs a value of {Rule}.");
            }
            else
            {
                labels.TryAdd(key.Text, text);
            }
        }

        if (labels.Count > LabelsAtMost)
        {
            problems.Add(mapping!.At, $"'labels' has {labels.Count} labels; at most {LabelsAtMost} are allowed.");
        }

        return labels;
    }

    public static IReadOnlyList<string> AntiAffinity(MappingReader reader, IReadOnlyDictionary<string, string> labels, ProblemList problems)
    {
        var keys = reader.TextList("antiAffinity") ?? [];
        foreach (var key in keys.Where(k => !labels.ContainsKey(k.Text)))
        {
            problems.Add(key.At, $"'antiAffinity' names '{Shown.Briefly(key.Text)}', and this definition has no such label; it keeps guests apart whose values of one label are equal.");
        }

        return [.. keys.Select(k => k.Text).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
