namespace Coordinator.Lab.Network;

/// <summary>One of the lab's hypervisor hosts: an address of its own for agents and migration streams, and a tap per guest.</summary>
/// <param name="Address">Inside the lab's namespace only.</param>
/// <param name="Taps">Multi-queue taps on the lab's bridge, one per guest number.</param>
public sealed record LabHost(string Name, string Address, IReadOnlyList<string> Taps)
{
    /// <summary>The tap of the lab's first guest.</summary>
    public string Tap => Taps[0];
}
