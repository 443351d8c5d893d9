using System.Collections.Immutable;
using Coordinator.Domain;
using Coordinator.Domain.Draining;

namespace Coordinator.Actors.Draining;

/// <summary>All cordons as one version of the operators' wish; a greater version is newer.</summary>
internal sealed record CordonState(long Version, ImmutableDictionary<HostName, HostCordon> Cordons)
{
    internal static readonly CordonState None = new(0, ImmutableDictionary<HostName, HostCordon>.Empty);
}

/// <summary>The cordons as this node knows them: read by every decision, replaced by <see cref="CordonActor"/> only.</summary>
public sealed class CordonBoard
{
    private volatile CordonState _state = CordonState.None;

    /// <returns>Null for a host that takes guests.</returns>
    public HostCordon? Of(HostName host) => _state.Cordons.GetValueOrDefault(host);

    /// <returns>False for one that is not newer.</returns>
    internal bool Show(CordonState state)
    {
        if (state.Version <= _state.Version)
        {
            return false;
        }

        _state = state;
        return true;
    }
}
