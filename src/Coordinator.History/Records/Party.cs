using Coordinator.Domain;

namespace Coordinator.History;

public enum PartyKind
{
    Host,
    Agent,
    Coordinator,
    Database,
    Qemu,

    /// <summary>The direct channel between two agents.</summary>
    AgentLink,

    /// <summary>Between the coordinators and one agent.</summary>
    CoordinatorLink,

    /// <summary>The migration stream between two QEMUs.</summary>
    MigrationStream,

    /// <summary>The QMP socket between an agent and one of its QEMUs.</summary>
    Monitor,
}

/// <summary>Whom a fault befalls. Made by the factories, so that every writer names the same party alike.</summary>
public sealed record Party(PartyKind Kind, string Name)
{
    public static Party Host(HostName host) => new(PartyKind.Host, host.Value);

    public static Party Agent(HostName host) => new(PartyKind.Agent, host.Value);

    public static Party Coordinator(string node) => new(PartyKind.Coordinator, node);

    public static Party Database(string name) => new(PartyKind.Database, name);

    public static Party Qemu(Copy copy) => new(PartyKind.Qemu, NameOf(copy));

    public static Party Monitor(Copy copy) => new(PartyKind.Monitor, NameOf(copy));

    public static Party AgentLink(HostName one, HostName other) => new(PartyKind.AgentLink, Between(one, other));

    public static Party CoordinatorLink(HostName host) => new(PartyKind.CoordinatorLink, host.Value);

    public static Party MigrationStream(HostName one, HostName other) => new(PartyKind.MigrationStream, Between(one, other));

    public override string ToString() => $"{Kind} {Name}";

    private static string NameOf(Copy copy) => copy.Host.Value + "/" + copy.Process;

    private static string Between(HostName one, HostName other) =>
        string.CompareOrdinal(one.Value, other.Value) <= 0 ? one.Value + "/" + other.Value : other.Value + "/" + one.Value;
}

public enum FaultKind
{
    /// <summary>Killed, crashed or powered off; ends when it is started again.</summary>
    Dead,

    /// <summary>SIGSTOP, or its host frozen; ends with SIGCONT.</summary>
    Stopped,

    /// <summary>A link cut or swallowing in at least one direction, a closed socket.</summary>
    Cut,

    /// <summary>Answers late: a slow disk, a delaying link.</summary>
    Slowed,
}
