using Coordinator.Lab.Guests;

namespace Coordinator.Agent.Tests.Support;

/// <summary>The lab's Linux guest as a definition for both hosts. slirp in place of a tap, since these tests have no network of their own.</summary>
internal static class LinuxGuest
{
    public static async Task<string> DefinitionAsync(string qemu, string console, int dirtyMib = 16)
    {
        GuestMachine machine = new()
        {
            Qemu = await QemuBinary.At(qemu, ""),
            Image = await GuestImage.Build(),
            Load = new KernelCommandLine { DirtyMib = dirtyMib, DirtyMibPerSec = 20, Address = "10.0.2.15", Peer = "10.0.2.2" },
            QmpSocket = "unused",
            ConsoleLog = console,
            MemoryMib = 80 + (2 * dirtyMib),
            Vcpus = 1,
        };

        // The agent owns the monitor and adds -no-user-config itself.
        List<string> arguments = [.. machine.Arguments()];
        arguments.RemoveRange(arguments.IndexOf("-qmp"), 2);
        arguments.Remove("-no-user-config");
        arguments.AddRange(["-netdev", "user,id=hostnet0", "-device", "virtio-net-pci,id=net0,netdev=hostnet0,mac=52:54:00:77:00:02,romfile="]);
        return $"""
            name: {TwoHosts.Vm}
            uuid: 6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b
            args:
            {string.Join('\n', arguments.Select(argument => $"  - '{argument}'"))}
            """;
    }
}
