using Coordinator.Agent.Configuration;

namespace Coordinator.Agent.Definitions;

/// <summary>What one host contributes to command lines.</summary>
/// <param name="HostId">Value of <c>${host}</c>, and the key under 'hosts:' of a definition.</param>
/// <param name="StateDirectory">Absolute; survives a reboot.</param>
/// <param name="RunDirectory">Absolute, at most <see cref="RunDirectoryBytesAtMost"/> bytes; holds sockets.</param>
/// <param name="QemuDefault">Binary of definitions that name none.</param>
/// <param name="QemuAllowed">Binaries that a definition may name besides the default. A definition comes over the network: it must not be able to run
/// any program it likes.</param>
/// <param name="Variables">Values for all guests of this host.</param>
public sealed record HostVariables(
    string HostId,
    string StateDirectory,
    string RunDirectory,
    string QemuDefault,
    IReadOnlyList<string> QemuAllowed,
    IReadOnlyDictionary<string, string> Variables)
{
    /// <summary>A host that simulates launches its own program, whatever binary a definition names.</summary>
    public HypervisorDriver Driver { get; init; }

    /// <summary>sockaddr_un holds 107 bytes of path; "/qmp/" and a launch id of 36 bytes must fit behind.</summary>
    public const int RunDirectoryBytesAtMost = 107 - 5 - QemuCommandLine.LaunchIdCharactersAtMost;

    /// <summary>Value of <c>${stateDir}</c>: the guest's own directory, made before launch, mode 0700. Never removed by the agent.</summary>
    public string StateDirectoryOf(string vmName) => Path.Combine(StateDirectory, "vm", vmName);

    /// <summary>Value of <c>${runDir}</c>: the guest's own directory, made before launch, mode 0700.</summary>
    public string RunDirectoryOf(string vmName) => Path.Combine(RunDirectory, "vm", vmName);

    /// <summary>One socket per launch and not per guest: a second launch can never take the monitor away from a QEMU that still runs.</summary>
    public string MonitorSocketOf(string launchId) => Path.Combine(RunDirectory, "qmp", launchId);
}
