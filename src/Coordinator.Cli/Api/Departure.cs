using Coordinator.Cli.Outcomes;
using Coordinator.Cli.Rendering;
using Coordinator.Contracts.Api;

namespace Coordinator.Cli.Api;

/// <summary>Follows one node until it is gone, through whichever coordinator answers: the one that was asked may be the very one that goes.</summary>
internal sealed class Departure(CoordinatorConnection connection, ClusterNode node, Action<string> say)
{
    string told = "";
    ClusterNode? last;

    string Name => NodeText.AddressOf(node.Address);

    string LastStatus => (last ?? node).Status;

    /// <returns>False when the time is over first.</returns>
    /// <exception cref="CommandFailure">Nobody answers any more, and it is not to be known whether the node has gone.</exception>
    public async Task<bool> Ends(TimeSpan within, CancellationToken cancellation)
    {
        var started = connection.Clock.GetTimestamp();
        while (true)
        {
            if (await Look(cancellation) is not { } seen)
                return true;
            last = seen;
            Say(seen);
            if (connection.Clock.GetElapsedTime(started) > within)
                return false;
            await Task.Delay(connection.Patience.Pause, connection.Clock, cancellation);
        }
    }

    /// <returns>Null when this life of the node is over.</returns>
    async Task<ClusterNode?> Look(CancellationToken cancellation)
    {
        Cluster cluster;
        try
        {
            cluster = await connection.Ask((api, options) => api.GetClusterAsync(new GetClusterRequest(), options), cancellation);
        }
        catch (CommandFailure silent) when (silent.ExitCode == ExitCode.Unreachable)
        {
            // Its own API ends a moment before it does; and a cluster of one leaves nobody behind to ask.
            if (connection.Servers > 1 || LastStatus is not ("Leaving" or "Exiting" or "Down"))
                throw new CommandFailure(ExitCode.Unreachable, $"{Name} was {LastStatus} when a coordinator last answered; whether it has gone is not known: {silent.Message}");
            say($"{connection.Current.GetLeftPart(UriPartial.Authority)} no longer answers, and {Name} was {LastStatus}; name another coordinator with --server to see it gone");
            return null;
        }

        return cluster.Nodes.FirstOrDefault(other => other.Address == node.Address && other.Uid == node.Uid && other.GoneAt is null);
    }

    void Say(ClusterNode seen)
    {
        var line = $"{Name} is {(seen.Reachable ? "" : "unreachable, ")}{seen.Status}{(seen.HasShards ? $", {Amounts.Count(seen.Shards)} shards with {Amounts.Count(seen.Entities)} VMs" : "")}";
        if (line == told)
            return;
        told = line;
        say(line);
    }
}
