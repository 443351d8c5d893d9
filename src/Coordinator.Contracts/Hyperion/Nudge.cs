namespace Coordinator.Contracts;

/// <summary>
/// Asks for the entity of one VM to be alive. Nothing happens at a live entity; one that sharding forgot is started by it, which is the whole purpose
/// (sharding lost remembered entities before: akka.net #8054, #8583).
/// </summary>
public sealed record Nudge(string VmId) : IWireMessage;
