using Coordinator.Actors.Agents;
using Coordinator.Actors.Fleet;
using Coordinator.Contracts.Api;
using Coordinator.Domain.Migration;

namespace Coordinator.Dashboard;

/// <summary>All that the pages know. What changes is pushed; nothing here asks a database for what a living entity can say.</summary>
public interface IFleetWindow
{
    /// <summary>The fleet's hold, as this node knows it.</summary>
    FleetHold? Hold { get; }

    /// <summary>By name.</summary>
    IReadOnlyList<KnownHost> Hosts { get; }

    /// <summary>The cluster as this node sees it at this moment.</summary>
    ClusterPicture ClusterNow { get; }

    /// <summary>Now and after every change, at most four times a second.</summary>
    IAsyncEnumerable<FleetPicture> Fleet(CancellationToken stop);

    /// <summary>Now and after every change, at most four times a second.</summary>
    IAsyncEnumerable<ClusterPicture> Cluster(CancellationToken stop);

    /// <summary>One migration now and after every change; of the VM's newest one unless an id is given. Ends when nothing can change any more.</summary>
    /// <exception cref="NotShownException">There is none, or its entity does not answer.</exception>
    IAsyncEnumerable<Migration> Migration(string vm, string migrationId, CancellationToken stop);
}

/// <summary>Nothing can be shown; the message says why.</summary>
/// <param name="message">A sentence for people.</param>
/// <param name="mayComeLater">Asking again may help.</param>
public sealed class NotShownException(string message, bool mayComeLater) : Exception(message)
{
    public bool MayComeLater { get; } = mayComeLater;
}
