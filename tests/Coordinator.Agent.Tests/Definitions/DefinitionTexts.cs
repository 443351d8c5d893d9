using Coordinator.Agent.Definitions;

namespace Coordinator.Agent.Tests.Definitions;

internal static class DefinitionTexts
{
    public const string Uuid = "6f0c1b9e-52a4-4c7e-9f57-2f7f3f0a9c11";

    public const string Small = $"""
        name: web-1
        uuid: {Uuid}
        args: [-machine, q35, -m, 512]
        """;

    public const string Full = $$"""
        # everything a definition can hold
        name: web-1
        uuid: {{Uuid}}
        binary: /opt/qemu/bin/qemu-system-x86_64
        args: |
          -machine q35,accel=kvm -m ${mem} \
          -netdev tap,id=n0,ifname=${tap},script=no -device virtio-net-pci,id=net0,netdev=n0   # the uplink
          -append "console=ttyS0 quiet" -drive 'file=/data/a b.img,if=none,id=d0'
        variables:
          mem: 1024
        hosts:
          host-a: { tap: tap0 }
          host-b: { tap: tap7, mem: 2048 }
        adopt:
          qmpSocket: ${runDir}/qmp.sock
          pidFile: /run/web-1.pid
        devices: [net0, "/machine/peripheral-anon/device[1]"]
        memoryMiB: 2048
        """;

    public static HostVariables Host(string id = "host-a", params (string Name, string Value)[] variables) => new(
        id,
        "/var/lib/coordinator",
        "/run/coordinator",
        "/usr/bin/qemu-system-x86_64",
        ["/opt/qemu/bin/qemu-system-x86_64"],
        variables.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal));

    public static VmDefinition Parse(string yaml) => VmDefinition.Parse(yaml, "web-1.yaml");

    public static VmDefinition WithArguments(params string[] arguments) =>
        Parse($"name: web-1\nuuid: {Uuid}\nargs:\n" + string.Concat(arguments.Select(a => $"  - {Quoted(a)}\n")));

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
