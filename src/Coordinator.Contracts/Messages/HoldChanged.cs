namespace Coordinator.Contracts;

/// <summary>The fleet's hold was put on or taken off: every node is to read it from the database again. <paramref name="Version"/> is the row's, for logs.</summary>
public sealed record HoldChanged(long Version) : IWireMessage;
