using Coordinator.Domain;

namespace Coordinator.Journal;

/// <summary>Names under which a VM's events stand in the journal.</summary>
public static class VmPersistence
{
    private const string Prefix = "vm-";

    public static string IdOf(VmName vm)
    {
        ArgumentNullException.ThrowIfNull(vm);
        return Prefix + vm.Value;
    }

    /// <summary>Null for an id that is no VM's (another kind of entity on the same journal).</summary>
    public static VmName? VmOf(string persistenceId)
    {
        ArgumentNullException.ThrowIfNull(persistenceId);
        if (!persistenceId.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return new VmName(persistenceId[Prefix.Length..]);
        }
        catch (InvalidValueException)
        {
            return null;
        }
    }
}
