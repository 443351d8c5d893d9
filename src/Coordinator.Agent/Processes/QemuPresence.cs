namespace Coordinator.Agent.Processes;

public enum QemuPresence
{
    Alive,

    /// <summary>Proven: every thread of that very process has ended, or this machine was booted since.</summary>
    Gone,

    /// <summary>This agent cannot see the process: it was recorded in another PID or time namespace. Not "gone".</summary>
    Unknown,
}
