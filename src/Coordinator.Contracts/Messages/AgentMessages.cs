namespace Coordinator.Contracts;

/// <summary>A report of one agent on its way from the node that holds the agent's stream to the VM's entity.</summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="Host">The agent's host, as its stream was opened; what the report says is not asked.</param>
/// <param name="Report">coordinator.agent.v1.VmReport</param>
public sealed record AgentReported(string Vm, string Host, byte[] Report) : IWireMessage;

/// <summary>An agent's answer to a step. <paramref name="Answer"/> is coordinator.agent.v1.StepAnswer.</summary>
public sealed record AgentAnswered(string Vm, string Host, byte[] Answer) : IWireMessage;

/// <summary>A sample for dashboards; may be lost. <paramref name="Sample"/> is coordinator.agent.v1.ProgressSample.</summary>
public sealed record AgentSampled(string Vm, string Host, byte[] Sample) : IWireMessage;

/// <summary>
/// A message for a host's agent, published on the host's topic and written to the agent's stream by the node that holds it. <paramref name="Message"/> is
/// coordinator.agent.v1.CoordinatorMessage.
/// </summary>
public sealed record SendToHost(string Host, byte[] Message) : IWireMessage;

/// <summary>The agent of a host has opened a stream: every older session of the same host ends.</summary>
public sealed record HostSessionOpened(string Host, Guid Session) : IWireMessage;

/// <summary>One host as one node knows it.</summary>
/// <param name="Session">The stream, for telling two of the same host apart.</param>
/// <param name="Connected">False once the stream has ended.</param>
/// <param name="SinceUnixMs">When it became so, by the node's clock; the newest word about a host counts.</param>
/// <param name="Hello">coordinator.agent.v1.Hello</param>
public sealed record HostEntry(string Host, Guid Session, bool Connected, long SinceUnixMs, byte[] Hello);

/// <summary>Every host that had a stream to this node, sent to all nodes on change and every few seconds.</summary>
public sealed record HostsOfNode(string Node, HostEntry[] Hosts) : IWireMessage;

/// <summary>What a host can still take.</summary>
/// <param name="Host">The host.</param>
/// <param name="Session">The stream on which its agent said so.</param>
/// <param name="MemoryFreeMiB">For guests that arrive: without the host's reserve and without what is promised to others.</param>
public sealed record HostCapacity(string Host, Guid Session, long MemoryFreeMiB);

/// <summary>Of every host that has a stream to this node, sent to all nodes every few seconds.</summary>
public sealed record CapacitiesOfNode(string Node, HostCapacity[] Hosts) : IWireMessage;
