using Coordinator.Cli.Api;
using Coordinator.Cli.Outcomes;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Chaos;

/// <summary>The plan against the cluster, before anything is touched: a typing error must not look like a fault.</summary>
internal static class PlanCheck
{
    /// <exception cref="CommandFailure">A host or VM is unknown, not connected or not running.</exception>
    public static async Task Of(ChaosPlan plan, CoordinatorConnection connection, CancellationToken cancellation)
    {
        var hosts = (await connection.Ask((api, options) => api.ListHostsAsync(new ListHostsRequest(), options), cancellation)).Hosts;
        foreach (var host in plan.Hosts)
        {
            if (hosts.FirstOrDefault(known => known.Name == host) is not { } found)
                throw new CommandFailure(ExitCode.NotFound, $"host '{host}' of the plan is unknown; there are {string.Join(", ", hosts.Select(known => known.Name))}");
            if (!found.Connected)
                throw new CommandFailure(ExitCode.Refused, $"host '{host}' of the plan is not connected: begin with a cluster that is well");
        }
        foreach (var name in plan.Vms)
        {
            var vm = await connection.Ask((api, options) => api.GetVirtualMachineAsync(new GetVirtualMachineRequest { Name = name }, options), cancellation);
            if (vm.Residence != "Resident" || vm.RunState != "running")
                throw new CommandFailure(ExitCode.Refused, $"VM '{name}' of the plan is {vm.Residence} {vm.RunState}: it has to run before anything is broken");
            if (!plan.Hosts.Contains(vm.Host))
                throw new CommandFailure(ExitCode.Refused, $"VM '{name}' of the plan runs on {vm.Host}, which is none of the plan's hosts");
        }
    }
}
