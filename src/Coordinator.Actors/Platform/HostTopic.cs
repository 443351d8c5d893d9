namespace Coordinator.Actors.Platform;

/// <summary>
/// Topic on which the node that holds a host agent's stream subscribes (<c>DistributedPubSub</c>), and to which commands for that host are published from
/// whichever node the VM's entity lives on.
/// </summary>
public static class HostTopic
{
    public static string Of(string hostId) => $"host-{hostId}";
}
