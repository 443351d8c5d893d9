using System.Text.RegularExpressions;

namespace Coordinator.Agent.Definitions;

/// <summary>
/// The rule for names of guests and hosts. They become file names, unit names and QEMU's guest name, so the agent checks them where they come in; the
/// published schemas hold the same pattern.
/// </summary>
internal static partial class ResourceName
{
    public const string Rule = "use a-z, 0-9, '.' and '-', beginning and ending with a letter or digit, at most 63 characters";

    public static bool IsValid(string text) => Pattern().IsMatch(text);

    // \z and not $, which lets a line end pass.
    [GeneratedRegex(@"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
