namespace Coordinator.Contracts;

/// <summary>To all nodes: a host was cordoned or uncordoned in the database, look there. A lost one costs two seconds.</summary>
public sealed record CordonsChanged(long Version) : IWireMessage;
