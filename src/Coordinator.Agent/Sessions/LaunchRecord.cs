using Coordinator.Agent.Definitions;
using Coordinator.Agent.Processes;
using Coordinator.Domain;

namespace Coordinator.Agent.Sessions;

internal enum LaunchOrigin
{
    /// <summary>A fresh guest; the agent continues it once, after its identity is recorded.</summary>
    Started,

    /// <summary>A destination of a migration.</summary>
    Arrived,

    /// <summary>Somebody else launched it; its run state was left as it was.</summary>
    Adopted,
}

/// <summary>One QEMU process that this agent has, or may have, on this host. Durable before the process exists, and again when its identity is known.</summary>
/// <param name="Launch">Never used twice.</param>
/// <param name="Origin">How it came to be here.</param>
/// <param name="DefinitionYaml">As it came over the wire.</param>
/// <param name="MonitorPath">Its QMP socket.</param>
/// <param name="Identity">Null between the decision to launch and the launch: then /proc tells whether it happened.</param>
internal sealed record LaunchRecord(LaunchId Launch, LaunchOrigin Origin, string DefinitionYaml, string MonitorPath, string? Identity)
{
    /// <summary>The one <c>cont</c> of a fresh guest was answered.</summary>
    public bool WasContinued { get; init; }

    /// <summary>A coordinator ordered its end (EndVm); repeated until it is proven gone.</summary>
    public bool EndOrdered { get; init; }

    /// <summary>Proven gone. Kept so that the agent never looks for it again.</summary>
    public bool IsGone { get; init; }

    public string LaunchText => TextOf(Launch);

    public QemuProcessIdentity? ProcessIdentity => Identity is null ? null : QemuProcessIdentity.TryParse(Identity);

    public VmDefinition Definition => VmDefinition.Parse(DefinitionYaml, "definition");

    /// <summary>As it stands in command lines, socket names and QEMU's log name.</summary>
    public static string TextOf(LaunchId launch) => launch.Value.ToString("D");
}
