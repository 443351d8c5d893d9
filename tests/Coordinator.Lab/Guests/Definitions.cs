using System.Text.Json;

namespace Coordinator.Lab.Guests;

/// <summary>VM definitions of these tests, as a user would write them.</summary>
public static class Definitions
{
    private static readonly string[] s_agentsOwn = ["-qmp", "-uuid"];

    /// <summary>No guest system: the firmware runs, finds nothing to boot and goes on looking. Its memory hardly changes.</summary>
    public static string Empty(string name, string uuid = "6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b", int memoryMib = 64) => Text(name, uuid,
    [
        "-machine", "pc,accel=tcg", "-m", $"{memoryMib}", "-nodefaults", "-display", "none", "-vga", "none",
        "-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,id=net0,addr=5,romfile=", "-device", "virtio-rng-pci,id=rng0,addr=6",
    ]);

    /// <summary>The lab's guest; what differs between hosts (its tap) is the hosts' variable 'tap'.</summary>
    public static string Of(string name, GuestMachine machine, params IEnumerable<string> more)
    {
        IReadOnlyList<string> arguments = machine.Arguments();
        IEnumerable<string> own = arguments.Where((argument, i) => !s_agentsOwn.Contains(argument) && (i == 0 || !s_agentsOwn.Contains(arguments[i - 1])));
        return Text(name, "0d6b2f43-6c2e-4f3f-9a55-1f0e5c7a9b10", own.Concat(more));
    }

    private static string Text(string name, string uuid, IEnumerable<string> arguments) =>
        $"name: {name}\nuuid: {uuid}\nargs: {JsonSerializer.Serialize(arguments)}\n";
}
