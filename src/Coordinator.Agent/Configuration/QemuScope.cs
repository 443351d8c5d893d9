namespace Coordinator.Agent.Configuration;

/// <summary>Whether QEMU gets a systemd scope of its own. Inside the agent's service it would be ended together with it (KillMode=control-group).</summary>
public enum QemuScope
{
    /// <summary>A scope where systemd runs the machine, else only a session.</summary>
    Auto,

    /// <summary>A launch without a scope is refused.</summary>
    Always,

    /// <summary>For agents whose unit says KillMode=process, and where systemd-run is not permitted.</summary>
    Never,
}
