using System.Globalization;

namespace Coordinator.Agent.Configuration.Documents;

/// <summary>
/// Typed access to one mapping. Every reader method notes a problem and returns null for a value it refuses, so that all problems of a document are
/// found in one pass.
/// </summary>
internal sealed class MappingReader
{
    private readonly Dictionary<string, MappingEntry> _entries = new(StringComparer.Ordinal);
    private readonly ProblemList _problems;
    private readonly string _what;

    /// <param name="mapping">The node to read.</param>
    /// <param name="what">How sentences name this mapping, e.g. "a VM definition" or "'handoff'".</param>
    /// <param name="knownKeys">Anything else is refused: a misspelt key that is ignored shows only in the night it was needed.</param>
    /// <param name="problems">Where refusals are noted.</param>
    public MappingReader(MappingNode mapping, string what, IReadOnlyList<string> knownKeys, ProblemList problems)
    {
        At = mapping.At;
        _what = what;
        _problems = problems;
        foreach (var entry in mapping.Entries)
        {
            if (!knownKeys.Contains(entry.Key.Text, StringComparer.Ordinal))
            {
                problems.Add(entry.Key.At, $"{what} has no key '{Shown.Briefly(entry.Key.Text)}'; it has {Shown.List(knownKeys)}.");
            }
            else
            {
                _entries.TryAdd(entry.Key.Text, entry);
            }
        }
    }

    public TextPosition At { get; }

    public DocumentNode? Node(string key) => _entries.TryGetValue(key, out var entry) ? entry.Value : null;

    /// <summary>Null also stands for "absent", which is noted only when <paramref name="required"/>.</summary>
    public ScalarNode? Text(string key, bool required = false)
    {
        switch (Node(key))
        {
            case null:
                if (required)
                {
                    _problems.Add(At, $"'{key}' is missing in {_what}.");
                }

                return null;
            case ScalarNode { Kind: ScalarKind.Text } text when text.Text.Length > 0:
                return text;
            case ScalarNode { Kind: ScalarKind.Number or ScalarKind.Truth } other:
                _problems.Add(other.At, $"'{key}' must be text, and YAML reads {Shown.Briefly(other.Text)} as a number or truth value; put it in quotes.");
                return null;
            case ScalarNode empty:
                _problems.Add(empty.At, $"'{key}' is empty; give it a value or remove the line.");
                return null;
            case var node:
                _problems.Add(node.At, $"'{key}' must be text, not a list or mapping.");
                return null;
        }
    }

    public int? WholeNumber(string key, int min, int max)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case ScalarNode { Kind: ScalarKind.Number } number
                when int.TryParse(number.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max:
                return value;
            case var node:
                _problems.Add(node.At, string.Create(CultureInfo.InvariantCulture, $"'{key}' must be a whole number from {min} to {max}."));
                return null;
        }
    }

    public MappingNode? Mapping(string key)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case MappingNode mapping:
                return mapping;
            case var node:
                _problems.Add(node.At, $"'{key}' must be a mapping (indented 'name: value' lines).");
                return null;
        }
    }

    /// <summary>Items that are not text are noted and left out.</summary>
    public IReadOnlyList<ScalarNode>? TextList(string key)
    {
        switch (Node(key))
        {
            case null:
                return null;
            case ListNode list:
                return [.. list.Items.Select(item => ItemText(key, item)).OfType<ScalarNode>()];
            case var node:
                _problems.Add(node.At, $"'{key}' must be a list ('- item' lines).");
                return null;
        }
    }

    private ScalarNode? ItemText(string key, DocumentNode item)
    {
        if (item is ScalarNode { Kind: ScalarKind.Text } text && text.Text.Length > 0)
        {
            return text;
        }

        _problems.Add(item.At, $"every item of '{key}' must be text; numbers need quotes.");
        return null;
    }
}
