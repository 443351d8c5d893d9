using Coordinator.Agent.Configuration;

namespace Coordinator.Agent.Processes;

/// <summary>
/// The command that puts a process into a systemd scope of its own and then becomes it: <c>systemd-run --scope</c> keeps pid and descriptors (checked
/// with systemd 252; costs 15-25 ms).
/// Without it QEMU belongs to the control group of the agent's service, and stopping or restarting the agent would end every guest.
/// </summary>
internal sealed class SystemdScope(Func<string, bool> exists, Func<string, string?> environment, uint userId)
{
    private const string Program = "/usr/bin/systemd-run";

    public SystemdScope()
        : this(Path.Exists, Environment.GetEnvironmentVariable, LinuxProcessCalls.EffectiveUserId())
    {
    }

    /// <exception cref="QemuLaunchException">A scope is demanded and there is no systemd to give it.</exception>
    public IReadOnlyList<string> Prefix(QemuScope scope, string launchId, string vmName)
    {
        // sd_booted(3): this directory exists exactly where systemd is the init.
        var available = exists("/run/systemd/system") && exists(Program) && (userId == 0 || UserManagerAnswers());
        return scope switch
        {
            QemuScope.Never => [],
            QemuScope.Auto when !available => [],
            _ when !available => throw new QemuLaunchException(LaunchFault.Refused,
                $"'qemu.scope: always' is configured, but systemd does not run here or {Program} is missing; set it to auto or never, "
                    + "or start the agent under systemd.", null),
            _ => Command(launchId, vmName),
        };
    }

    private List<string> Command(string launchId, string vmName) =>
    [
        Program, "--scope", "--quiet", "--collect", $"--unit=coordinator-qemu-{launchId}", $"--description=QEMU of VM {vmName}",
        .. userId == 0 ? new[] { "--slice=machine.slice" } : ["--user"],
        "--",
    ];

    // An agent of an ordinary user (a developer's machine) asks that user's manager; the system's would ask for a password.
    private bool UserManagerAnswers() => environment("XDG_RUNTIME_DIR") is { Length: > 0 } directory && exists(Path.Combine(directory, "systemd", "private"));
}
