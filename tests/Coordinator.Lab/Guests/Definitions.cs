using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Coordinator.Lab.Guests;

/// <summary>VM definitions of these tests, as a user would write them.</summary>
public static class Definitions
{
    private static readonly string[] s_agentsOwn = ["-qmp", "-uuid"];

    /// <summary>No guest system: the firmware runs, finds nothing to boot and goes on looking. Its memory hardly changes.</summary>
    public static string Empty(string name, string uuid = "6f1c2a34-5b6d-4e7f-8a9b-0c1d2e3f4a5b", int memoryMib = 64) =>
        Text(name, uuid, [.. EmptyArguments(memoryMib), "-device", "virtio-rng-pci,id=rng0,addr=9"]);

    /// <param name="memoryMib">Hardly touched, so it is sent as zero pages.</param>
    /// <param name="networkCards">1..4 of three virtqueues each, none of them set up.</param>
    public static IReadOnlyList<string> EmptyArguments(int memoryMib = 64, int networkCards = 1) =>
    [
        "-machine", "pc,accel=tcg", "-m", $"{memoryMib}", "-nodefaults", "-display", "none", "-vga", "none",
        .. Enumerable.Range(0, networkCards).SelectMany(card => new[] { "-netdev", $"user,id=n{card}", "-device", $"virtio-net-pci,netdev=n{card},id=net{card},addr={5 + card},romfile=" }),
    ];

    /// <summary>The lab's guest; what differs between hosts (its tap) is the hosts' variable 'tap'.</summary>
    public static string Of(string name, GuestMachine machine, params IEnumerable<string> more) => Of(name, [.. machine.Arguments(), .. more]);

    /// <param name="name">Of the VM.</param>
    /// <param name="arguments">A whole command line of QEMU; what the agent adds itself is left out.</param>
    public static string Of(string name, IReadOnlyList<string> arguments) => Text(name, UuidOf(name), WithoutOwn(arguments));

    /// <summary>Without the options that a definition may not have, because the agent adds them.</summary>
    public static IReadOnlyList<string> WithoutOwn(IReadOnlyList<string> arguments) =>
        [.. arguments.Where((argument, i) => !s_agentsOwn.Contains(argument) && (i == 0 || !s_agentsOwn.Contains(arguments[i - 1])))];

    /// <summary>The same in every definition of one VM, and another for each of two.</summary>
    private static string UuidOf(string name) => new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16)).ToString();

    private static string Text(string name, string uuid, IEnumerable<string> arguments) =>
        $"name: {name}\nuuid: {uuid}\nargs: {JsonSerializer.Serialize(arguments)}\n";
}
