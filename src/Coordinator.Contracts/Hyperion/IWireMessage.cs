namespace Coordinator.Contracts;

/// <summary>
/// A message that may travel between coordinator nodes, or from a control plane, through Akka remoting. The marker binds the type to
/// <see cref="HyperionWireSerializer"/>; it is accepted there only if <see cref="HyperionAllowList.Types"/> names it too.
/// </summary>
public interface IWireMessage;
