using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Chaos;

/// <summary>What the coordinators say of a VM after its migration has ended, against what the result says. Pure.</summary>
internal static class ResidenceJudge
{
    /// <returns>Null when it is as it must be; what is wrong may still be on its way to become right.</returns>
    public static string? Wrong(Migration ended, VirtualMachine vm, IEnumerable<Host> hosts, PlannedFault fault)
    {
        var having = hosts.Where(host => host.VirtualMachines.Contains(vm.Name)).Select(host => host.Name).Order(StringComparer.Ordinal).ToList();
        if (ended.Phase == "Lost")
            return vm.Residence == "Absent" && having.Count == 0 ? null : $"{vm.Name} is lost, and yet it is {Where(vm)}, and 'get hosts' has it on {Names(having)}";
        if (vm.Residence == "Absent" && fault.MayLose && having.Count == 0)
            return null;
        var expected = ended.Phase == "Succeeded" ? ended.DestinationHost : ended.SourceHost;
        if (vm.Residence != "Resident" || vm.Host != expected || vm.RunState != "running")
            return $"{vm.Name} is {Where(vm)} after {ended.Phase}; it has to run on {expected}";
        return having is [var only] && only == expected ? null : $"after {ended.Phase} 'get hosts' has {vm.Name} on {Names(having)}; only {expected} may have it";
    }

    static string Where(VirtualMachine vm) => vm.Residence == "Absent" ? "absent" : $"{vm.Residence} on {vm.Host}, {(vm.RunState.Length > 0 ? vm.RunState : "not heard of")}";

    static string Names(List<string> hosts) => hosts.Count == 0 ? "no host" : string.Join(" and ", hosts);
}
