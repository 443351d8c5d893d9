using Microsoft.Win32.SafeHandles;

namespace Coordinator.Agent.Processes;

/// <summary>What a <see cref="GuestKeeper"/> does for a request.</summary>
internal interface IGuestStarter
{
    /// <param name="request">With a command.</param>
    /// <param name="output">Takes what the guest's process writes.</param>
    /// <param name="monitor">Listens; the caller closes its own descriptor once the agent has connected.</param>
    /// <returns>A child of this process.</returns>
    /// <exception cref="IOException">Nothing was started.</exception>
    int Start(KeeperRequest request, SafeFileHandle output, SafeFileHandle monitor);
}

/// <summary>The program that the agent names, as a process of its own.</summary>
internal sealed class DetachedGuests : IGuestStarter
{
    public int Start(KeeperRequest request, SafeFileHandle output, SafeFileHandle monitor) => DetachedProcess.Start(request.Command, output, monitor);
}
