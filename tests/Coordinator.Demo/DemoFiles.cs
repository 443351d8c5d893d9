using Coordinator.Lab.Guests;
using Coordinator.Lab.Network;

namespace Coordinator.Demo;

/// <summary>The three files that a user writes: one per host, one per VM. Text, because it is what the reader of the demo is to see.</summary>
internal static class DemoFiles
{
    public const string Vm = "demo";

    static readonly string[] s_agentsOwn = ["-qmp", "-uuid", "-no-user-config"];

    /// <summary>Handoff and migration stream on the host's own address inside the lab's network, hence with certificates: <c>coordctl up --certs</c> makes them.</summary>
    public static string Host(LabHost host, string directory, string qemu, string certificates) => $"""
        hostId: {host.Name}
        stateDirectory: {Path.Combine(directory, "state")}
        runDirectory: {Path.Combine(directory, "run")}
        coordinators: ["https://127.0.0.1:4050"]
        handoff: {"{"} listen: "{host.Address}:5090" {"}"}
        migrationStream: {"{"} listen: "{host.Address}:49152-49215" {"}"}
        tls:
          certificate: {certificates}/agent-{host.Name}/certificate.pem
          key: {certificates}/agent-{host.Name}/key.pem
          authorities: {certificates}/agent-{host.Name}/authorities.pem
          revoked: {certificates}/agent-{host.Name}/revoked.pem
        qemu: {"{"} default: {qemu}, scope: never {"}"}
        memoryReserveMiB: 64

        """;

    /// <summary>The same text on both hosts; what differs between them are variables.</summary>
    public static string Definition(GuestMachine machine, LabNetwork network) => $$"""
        name: {{Vm}}
        uuid: {{machine.Uuid}}
        args: |
        {{string.Join('\n', ArgumentLines(machine with { Tap = "${tap}", ConsoleLog = "${console}" }))}}
        variables:
          console: {{machine.ConsoleLog}}
        hosts:
        {{string.Join('\n', network.Hosts.Select(host => $"  {host.Name}: {{ tap: {host.Tap} }}"))}}

        """;

    /// <summary>One option a line. The agent adds the monitor, -uuid and -no-user-config by itself, and refuses a monitor that it does not own.</summary>
    static IEnumerable<string> ArgumentLines(GuestMachine machine)
    {
        List<List<string>> options = [];
        foreach (var argument in machine.Arguments())
            if (argument.StartsWith('-'))
                options.Add([argument]);
            else
                options[^1].Add(argument.Contains(' ', StringComparison.Ordinal) ? $"'{argument}'" : argument);
        return options.Where(option => !s_agentsOwn.Contains(option[0])).Select(option => $"  {string.Join(' ', option)}");
    }
}
