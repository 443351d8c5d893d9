using System.Text;
using System.Text.RegularExpressions;
using Coordinator.Agent.Configuration.Documents;

namespace Coordinator.Agent.Definitions;

/// <summary>
/// <c>${name}</c> in definitions. <c>$${</c> stands for a literal <c>${</c>; every other <c>$</c> stands for itself.
/// Values are not expanded again, so the result is bounded by the text and its values.
/// </summary>
internal static partial class VariableText
{
    public static readonly IReadOnlyList<string> BuiltIn = ["name", "uuid", "host", "stateDir", "runDir"];

    public static bool IsName(string text) => NamePattern().IsMatch(text);

    /// <summary>Null when the text is well formed, else what is wrong with it.</summary>
    public static string? Fault(string text)
    {
        string? fault = null;
        Walk(text, _ => { }, name => fault ??= IsName(name) ? null : $"'${{{Shown.Briefly(name)}}}' is not a variable; names are letters, digits, '-' and '_'.",
            () => fault ??= "a '${' is not closed by '}'; write '$${' for a literal '${'.");
        return fault;
    }

    public static IReadOnlyList<string> NamesIn(string text)
    {
        var names = new List<string>();
        Walk(text, _ => { }, names.Add, () => { });
        return names;
    }

    /// <param name="text">Text without <see cref="Fault"/>.</param>
    /// <param name="valueOf">Null for a variable without a value.</param>
    /// <param name="missing">Gets the names that have no value.</param>
    public static string Expand(string text, Func<string, string?> valueOf, Action<string> missing)
    {
        var result = new StringBuilder(text.Length);
        Walk(text, literal => result.Append(literal), name =>
        {
            if (valueOf(name) is { } value)
            {
                result.Append(value);
            }
            else
            {
                missing(name);
            }
        }, () => { });
        return result.ToString();
    }

    private static void Walk(string text, Action<string> literal, Action<string> variable, Action unclosed)
    {
        var at = 0;
        while (at < text.Length)
        {
            var open = text.IndexOf("${", at, StringComparison.Ordinal);
            if (open < 0)
            {
                literal(text[at..]);
                return;
            }

            if (open > at && text[open - 1] == '$')
            {
                literal(text[at..(open - 1)]);
                literal("${");
                at = open + 2;
                continue;
            }

            literal(text[at..open]);
            var close = text.IndexOf('}', open);
            if (close < 0)
            {
                unclosed();
                return;
            }

            variable(text[(open + 2)..close]);
            at = close + 1;
        }
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_-]{0,62}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
