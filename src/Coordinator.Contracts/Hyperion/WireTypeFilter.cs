using System.Collections.Immutable;
using Hyperion;

namespace Coordinator.Contracts;

/// <summary>
/// Hyperion asks with the assembly-qualified name when writing and with a shortened one when reading, so its own <c>TypeFilterBuilder</c> refuses what it
/// included (0.12.2). Here both are cut to type and assembly; the assembly counts, or a type of the same name in another assembly would pass.
/// </summary>
public sealed class WireTypeFilter(IEnumerable<Type> types) : ITypeFilter
{
    private readonly ImmutableHashSet<string> allowed = [.. types.Select(NameOf)];

    public bool IsAllowed(string typeName) => allowed.Contains(Strip(typeName));

    private static string NameOf(Type type) => Strip(type.AssemblyQualifiedName!);

    /// <summary>Removes version, culture and key of every assembly in the name (generic arguments carry their own), and <c>,%core%</c>, which Hyperion
    /// puts there for the core assembly.</summary>
    private static string Strip(string name)
    {
        var text = name.Replace(",%core%", "", StringComparison.Ordinal);
        foreach (var attribute in (string[])[", Version=", ", Culture=", ", PublicKeyToken="])
        {
            for (var start = text.IndexOf(attribute, StringComparison.Ordinal); start >= 0; start = text.IndexOf(attribute, StringComparison.Ordinal))
            {
                var end = text.AsSpan(start + attribute.Length).IndexOfAny(',', ']');
                text = end < 0 ? text[..start] : text.Remove(start, attribute.Length + end);
            }
        }

        return text;
    }
}
