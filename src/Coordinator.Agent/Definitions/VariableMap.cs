using Coordinator.Agent.Configuration.Documents;

namespace Coordinator.Agent.Definitions;

/// <summary>Reads 'variables:' of definitions and of host configurations.</summary>
internal static class VariableMap
{
    /// <summary>Characters of one value: long enough for any path or list of options, short enough that no expansion grows without bound.</summary>
    public const int ValueCharactersAtMost = 4096;

    public static IReadOnlyDictionary<string, string> Read(MappingNode? mapping, ProblemList problems)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping?.Entries ?? [])
        {
            var name = Shown.Briefly(key.Text);
            if (!VariableText.IsName(key.Text))
            {
                problems.Add(key.At, $"'{name}' cannot name a variable; use letters, digits, '-' and '_', beginning with a letter or '_', at most 63.");
            }
            else if (VariableText.BuiltIn.Contains(key.Text, StringComparer.Ordinal))
            {
                problems.Add(key.At, $"'{name}' is built in and cannot be set; choose another name.");
            }
            else if (Read(value) is not { } text)
            {
                problems.Add(value.At, $"the variable '{name}' needs a value: text or a number.");
            }
            else if (text.Length > ValueCharactersAtMost)
            {
                problems.Add(value.At, $"the variable '{name}' is longer than {ValueCharactersAtMost} characters.");
            }
            else
            {
                values.TryAdd(key.Text, text);
            }
        }

        return values;
    }

    /// <summary>Numbers and truth values are taken as they are written: <c>vlan: 007</c> means "007". Quoted "" is a value, a missing one is not.</summary>
    public static string? Read(DocumentNode node) => node is ScalarNode { Kind: not ScalarKind.Nothing } scalar ? scalar.Text : null;
}
