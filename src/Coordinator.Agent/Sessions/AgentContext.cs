using Coordinator.Agent.Configuration;
using Coordinator.Agent.Processes;
using Coordinator.Agent.Qemu;
using Coordinator.Agent.Recording;
using Coordinator.Agent.State;
using Coordinator.AgentProtocol;
using Coordinator.Certificates.Links;

namespace Coordinator.Agent.Sessions;

/// <summary>What the sessions of all VMs share on one host.</summary>
internal sealed record AgentContext(
    HostConfiguration Host,
    AgentStore Store,
    QemuLauncher Launcher,
    HostMemory Memory,
    StreamPorts Ports,
    ICoordinatorOutbox Coordinators,
    ILoggerFactory Loggers)
{
    /// <summary>One life of this agent; sequences of reports are comparable within it.</summary>
    public Guid AgentLife { get; } = Guid.NewGuid();

    /// <summary>What peers dial; known when the listener is bound.</summary>
    public string HandoffAddress { get; set; } = "";

    /// <summary>Versions of the configured QEMU binaries, as they are known so far.</summary>
    public IReadOnlyList<string> QemuVersions { get; set; } = [];

    /// <summary>Null: all links are on loopback.</summary>
    public LinkCertificates? Certificates { get; init; }

    /// <summary>Null unless somebody wants to judge this run.</summary>
    public AgentHistory? History { get; init; }

    public MemoryPromises Promises { get; } = new();

    public MigrationSlots Slots { get; } = new(Host.Limits);
}

/// <summary>What a session tells the coordinators. Nothing of it is waited for.</summary>
internal interface ICoordinatorOutbox
{
    void Answer(StepAnswer answer);

    /// <summary>The report of this VM has changed. <paramref name="atOnce"/>: a stage changed, somebody waits for it.</summary>
    void ReportChanged(string vm, bool atOnce);

    void Sample(ProgressSample sample);

    /// <summary>False when no coordinator is connected.</summary>
    bool Carry(CarriedHandoff carried);
}
