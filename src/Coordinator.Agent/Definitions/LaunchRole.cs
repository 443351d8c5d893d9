namespace Coordinator.Agent.Definitions;

public enum LaunchRole
{
    /// <summary>
    /// A fresh guest. QEMU comes up in <c>prelaunch</c> (-S), so that its identity is durable before the first guest instruction; the agent continues
    /// it.
    /// </summary>
    Start,

    /// <summary>The destination of a migration: <c>-incoming defer -S</c>. Without -S QEMU runs the guest by itself as soon as it has loaded.</summary>
    Incoming,
}
