using Coordinator.Agent.Definitions;

namespace Coordinator.Agent.State;

/// <summary>Keys become file names, so they are checked here once more and not trusted from callers. A VM's name or its uuid.</summary>
internal static class StoreKeys
{
    public static bool IsVm(string text) => ResourceName.IsValid(text);

    public static void RequireVm(string vm)
    {
        if (!IsVm(vm))
        {
            throw new ArgumentException($"'{vm}' is no key of a VM; {ResourceName.Rule}.", nameof(vm));
        }
    }
}
