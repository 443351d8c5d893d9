using System.Diagnostics;

namespace Coordinator.Lab.Network;

/// <summary>One machine of a <see cref="LabFabric"/>: a namespace of its own, an address on the fabric, and taps where it is a hypervisor.</summary>
/// <param name="Name">As given to the fabric.</param>
/// <param name="Address">Reached from every other machine, unless a cut lies between.</param>
/// <param name="Taps">On the machine's bridge, which is a part of the fabric; empty unless asked for.</param>
public sealed record LabMachine(string Name, string Address, IReadOnlyList<string> Taps, LabNamespace Space)
{
    /// <inheritdoc cref="LabNamespace.Inside"/>
    public ProcessStartInfo Inside(string file, params IEnumerable<string> arguments) => Space.Inside(file, arguments);
}
