using System.Diagnostics.CodeAnalysis;
using Coordinator.Domain;

namespace Coordinator.ReadModel;

/// <summary>Histories of the VMs that changed last, so that a change costs its new events only. Used by one thread at a time.</summary>
internal sealed class FoldCache(int capacity)
{
    private readonly Dictionary<string, LinkedListNode<(string Vm, IVmFold Fold)>> byVm = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Vm, IVmFold Fold)> byUse = new();

    public bool TryTake(VmName vm, [NotNullWhen(true)] out IVmFold? fold)
    {
        fold = null;
        if (!byVm.Remove(vm.Value, out var node))
        {
            return false;
        }

        byUse.Remove(node);
        fold = node.Value.Fold;
        return true;
    }

    public void Put(VmName vm, IVmFold fold)
    {
        byVm[vm.Value] = byUse.AddLast((vm.Value, fold));
        if (byVm.Count > capacity)
        {
            byVm.Remove(byUse.First!.Value.Vm);
            byUse.RemoveFirst();
        }
    }

    public void Clear()
    {
        byVm.Clear();
        byUse.Clear();
    }
}
