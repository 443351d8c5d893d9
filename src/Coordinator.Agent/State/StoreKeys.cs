using System.Text.RegularExpressions;

namespace Coordinator.Agent.State;

/// <summary>Keys become file names, so their characters are bounded here and not trusted from callers.</summary>
internal static partial class StoreKeys
{
    /// <summary>A VM's name or its uuid.</summary>
    public static bool IsVm(string text) => VmPattern().IsMatch(text);

    public static void RequireVm(string vm)
    {
        if (!IsVm(vm))
        {
            throw new ArgumentException($"'{vm}' is no key of a VM: a-z, 0-9, '.' and '-', at most 63 characters.", nameof(vm));
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex VmPattern();
}
