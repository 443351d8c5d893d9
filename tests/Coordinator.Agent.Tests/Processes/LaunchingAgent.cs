using Coordinator.Agent.Configuration;
using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;

namespace Coordinator.Agent.Tests.Processes;

/// <summary>Stands for an agent that is killed after it has launched: <c>Coordinator.Agent.Tests launching-agent DIRECTORY [KEEPER]</c>.</summary>
internal static class LaunchingAgent
{
    public const string Word = "launching-agent";

    public static async Task<int> RunAsync(string directory, string? keeper = null)
    {
        var host = new HostVariables("host-a", Path.Combine(directory, "state"), Path.Combine(directory, "run"), HostConfiguration.QemuBinaryDefault, [],
            new Dictionary<string, string>(StringComparer.Ordinal));
        var definition = VmDefinition.Parse($"name: web-1\nuuid: {Guid.NewGuid()}\nargs: -machine none -nodefaults -display none", "web-1.yaml");
        var qemu = await new QemuLauncher(keeper is null ? QemuScope.Auto : QemuScope.Never, keeper is { Length: > 0 } ? keeper : null).LaunchAsync(definition.CommandLine(host, LaunchRole.Start, "dying-agent"), QemuHost.Limit);
        Console.WriteLine(qemu.Process.Identity);
        Console.WriteLine(qemu.MonitorPath);
        await qemu.Process.WaitForExitAsync();
        return 0;
    }
}
