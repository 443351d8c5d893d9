namespace Coordinator.Contracts;

public enum AnswerKind
{
    /// <summary>Never sent.</summary>
    Unspecified,
    Accepted,

    /// <summary>No such VM, migration or host.</summary>
    NotFound,

    /// <summary>The VM's present state does not allow it.</summary>
    FailedPrecondition,

    /// <summary>A value is not allowed; the message names field, value and range.</summary>
    InvalidArgument,

    /// <summary>A bound of this node is reached; try again later.</summary>
    ResourceExhausted,
}

/// <summary>
/// Answer to a request about a VM, sent only after what it stands for is journalled.
/// </summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="Kind">What became of the request.</param>
/// <param name="Message">A sentence for people; empty when there is nothing to say.</param>
/// <param name="MigrationId">The migration that the request is about; empty if none.</param>
/// <param name="VirtualMachine">coordinator.api.v1.VirtualMachine</param>
/// <param name="Migration">coordinator.api.v1.Migration; empty if none.</param>
public sealed record VmAnswer(string Vm, AnswerKind Kind, string Message, string MigrationId, byte[] VirtualMachine, byte[] Migration) : IWireMessage;

/// <summary>
/// The whole of a VM and its newest migration after a change, so that any number of them may be dropped on the way. <paramref name="Version"/> grows with each.
/// </summary>
/// <param name="Vm">The VM's name.</param>
/// <param name="Version">Grows with every change of this VM's entity.</param>
/// <param name="VirtualMachine">coordinator.api.v1.VirtualMachine</param>
/// <param name="Migration">coordinator.api.v1.Migration; empty if the VM has none.</param>
public sealed record VmChanged(string Vm, long Version, byte[] VirtualMachine, byte[] Migration) : IWireMessage;
