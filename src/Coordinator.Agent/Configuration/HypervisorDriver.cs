namespace Coordinator.Agent.Configuration;

/// <summary>What runs the guests of a host.</summary>
public enum HypervisorDriver
{
    /// <summary>QEMU, over QMP.</summary>
    Qemu,

    /// <summary>Processes that behave as the model of QEMU says, without guests in them: for trying out Coordinator, and for tests of everything above a hypervisor.</summary>
    Simulated,
}
